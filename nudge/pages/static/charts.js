// Charts from the JSON beside each figure. A page writes data, this file the look.
//
// lines, areas, bars: {x: [ISO times or labels], series: [{name, values, low?, high?, colour: 0..7}],
//   band?: {name, low, high}, marks?: [{at, kind: revision|alarm|freeze, label}], limit?: {name, values},
//   unit: rate|count|money, times: bool}
// heat: {x: [labels], y: [labels], cells: [{x, y, value, text, thin?}], hatched?: [{x, y}],
//   marks_x?: [index], unit}
(function () {
  'use strict';
  var SIGNS = { revision: '▲', alarm: '●', freeze: '■' };
  var tag = document.documentElement.lang;
  var percent = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 });
  var plain = new Intl.NumberFormat(tag, { maximumFractionDigits: 2 });
  var zone = document.documentElement.dataset.zone || undefined;
  var moment = new Intl.DateTimeFormat(tag, { timeZone: zone, month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit' });
  var date = new Intl.DateTimeFormat(tag, { timeZone: zone, month: 'numeric', day: 'numeric' });
  var clock = new Intl.DateTimeFormat(tag, { timeZone: zone, hour: '2-digit', minute: '2-digit' });

  function token(name) {
    return getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  }
  function colour(one, index) {
    return token('c' + ((one.colour === undefined ? index : one.colour) % 8));
  }
  function say(unit, value) {
    if (value === null || value === undefined) return '–';
    if (unit === 'rate') return percent.format(value);
    return (unit === 'money' ? '¥' : '') + plain.format(value);
  }
  function axisText() { return { color: token('soft'), fontSize: 11 }; }
  function tooltip(more) {
    // Rich text is drawn on the canvas: a tooltip of HTML would need inline styles.
    return Object.assign({
      renderMode: 'richText', confine: true, backgroundColor: token('sheet'), borderColor: token('edge'),
      textStyle: { color: token('ink'), fontSize: 12 },
    }, more);
  }

  function frame(data, span) {
    var times = data.times !== false && data.x.length && /^\d{4}-\d\d-\d\dT/.test(data.x[0]);
    var short = times && new Date(data.x[data.x.length - 1]) - new Date(data.x[0]) <= 3 * 864e5;
    function label(text) { return times ? (short ? clock : date).format(new Date(text)) : text; }
    // A day is named once, however many of its hours are shown.
    function first(i) { return i === 0 || label(data.x[i]) !== label(data.x[i - 1]); }
    return {
      animation: false,
      grid: { left: 8, right: span, top: 24, bottom: 8, containLabel: true },
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      xAxis: { type: 'category', data: data.x, boundaryGap: false, axisLine: { lineStyle: { color: token('line') } }, axisTick: { show: false }, axisLabel: Object.assign(axisText(), { formatter: label, hideOverlap: true }, times && !short ? { interval: first } : {}) },
      yAxis: { type: 'value', scale: data.unit !== 'count', splitLine: { lineStyle: { color: token('line') } }, axisLabel: Object.assign(axisText(), { formatter: function (v) { return say(data.unit, v); } }) },
      tooltip: tooltip({
        trigger: 'axis',
        formatter: function (all) {
          var at = all[0].axisValue;
          var rows = all.filter(function (one) { return one.seriesName.charAt(0) !== '_'; });
          var lines = rows.map(function (one) { return one.seriesName + '  ' + say(data.unit, one.value); });
          return [times ? moment.format(new Date(at)) : at].concat(lines).join('\n');
        },
      }),
      series: [],
    };
  }
  function band(low, high, fill, stack) {
    var common = { type: 'line', stack: stack, symbol: 'none', lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
    var width = high.map(function (one, i) { return one === null || low[i] === null ? null : one - low[i]; });
    return [
      Object.assign({ name: '_low', data: low }, common),
      Object.assign({ name: '_high', data: width, areaStyle: { color: fill, opacity: 1 } }, common),
    ];
  }
  function marks(data) {
    var all = (data.marks || []).map(function (one) {
      var ink = token(one.kind === 'alarm' ? 'alarm' : 'soft');
      return { xAxis: near(data.x, one.at), label: { formatter: SIGNS[one.kind] || '▲', color: ink, position: 'end' }, lineStyle: { color: ink } };
    });
    return { symbol: 'none', silent: true, lineStyle: { type: 'dashed', width: 1 }, data: all };
  }
  function near(x, at) {
    var found = 0;
    for (var i = 0; i < x.length; i += 1) if (x[i] <= at || new Date(x[i]) <= new Date(at)) found = i;
    return x[found];
  }
  function ends(one) {
    return { show: true, formatter: '{a}', color: token('ink'), fontSize: 11, distance: 6 };
  }
  function lines(data) {
    var option = frame(data, 88);
    if (data.band) option.series = option.series.concat(band(data.band.low, data.band.high, token('band'), 'usual'));
    data.series.forEach(function (one, i) {
      var ink = colour(one, i);
      if (one.low && one.high) option.series = option.series.concat(band(one.low, one.high, ink + '26', 's' + i));
      option.series.push({ name: one.name, type: 'line', data: one.values, symbol: one.values.length === 1 ? 'circle' : 'none', lineStyle: { width: 2, color: ink }, itemStyle: { color: ink }, endLabel: ends(one), markLine: i === 0 ? marks(data) : undefined, labelLayout: { moveOverlap: 'shiftY' } });
    });
    if (data.limit) option.series.push({ name: data.limit.name, type: 'line', data: data.limit.values, step: 'middle', symbol: 'none', lineStyle: { width: 2, type: 'dashed', color: token('soft') }, itemStyle: { color: token('soft') }, endLabel: ends() });
    return option;
  }
  function areas(data) {
    var option = frame(Object.assign({ unit: 'rate' }, data), 88);
    option.yAxis.max = 1; option.yAxis.min = 0; option.yAxis.scale = false;
    data.series.forEach(function (one, i) {
      var ink = colour(one, i);
      option.series.push({ name: one.name, type: 'line', stack: 'all', data: one.values, symbol: 'none', lineStyle: { width: 0 }, itemStyle: { color: ink }, areaStyle: { color: ink, opacity: 0.85 }, endLabel: ends(one), labelLayout: { moveOverlap: 'shiftY' }, markLine: i === 0 ? marks(data) : undefined });
    });
    return option;
  }
  function bars(data) {
    var option = frame(data, 24);
    option.xAxis.boundaryGap = true; option.yAxis.scale = false;
    data.series.forEach(function (one, i) {
      var ink = colour(one, i);
      option.series.push({ name: one.name, type: 'bar', stack: data.stacked ? 'all' : undefined, data: one.values, itemStyle: { color: ink }, barMaxWidth: 28 });
    });
    if (data.limit) option.series.push({ name: data.limit.name, type: 'line', step: 'middle', data: data.limit.values, symbol: 'none', lineStyle: { width: 2, type: 'dashed', color: token('soft') }, itemStyle: { color: token('soft') } });
    return option;
  }
  function heat(data) {
    var known = data.cells.filter(function (one) { return !one.thin && one.value !== null; });
    var values = known.map(function (one) { return one.value; });
    var least = Math.min.apply(null, values.concat([0])), most = Math.max.apply(null, values.concat([least + 1e-9]));
    var hidden = {}; (data.hatched || []).forEach(function (one) { hidden[one.x + ',' + one.y] = true; });
    return {
      animation: false,
      grid: { left: 8, right: 16, top: 8, bottom: 48, containLabel: true },
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      xAxis: { type: 'category', data: data.x, axisLine: { show: false }, axisTick: { show: false }, axisLabel: Object.assign(axisText(), { margin: (data.marks_x || []).length ? 14 : 8 }) },
      yAxis: { type: 'category', data: data.y, inverse: true, axisLine: { show: false }, axisTick: { show: false }, axisLabel: axisText() },
      visualMap: { type: 'continuous', show: values.length > 0, min: least, max: most, calculable: false, orient: 'horizontal', left: 8, bottom: 0, itemHeight: 120, itemWidth: 10, text: [say(data.unit, most), say(data.unit, least)], textStyle: axisText(), inRange: { color: [token('heat-low'), token('heat-high')] }, seriesIndex: 0 },
      tooltip: tooltip({ formatter: function (one) { return (one.data.text || say(data.unit, one.data.value[2])); } }),
      series: [
        { type: 'heatmap', data: known.map(function (one) { return { value: [one.x, one.y, one.value], text: one.text, itemStyle: hidden[one.x + ',' + one.y] ? { decal: { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: 0.785, color: token('ground') } } : undefined }; }), itemStyle: { borderColor: token('ground'), borderWidth: 1 } },
        { type: 'custom', data: data.cells.filter(function (one) { return one.thin || one.value === null; }).map(function (one) { return { value: [one.x, one.y, 0], text: one.text }; }), renderItem: thin },
        { type: 'custom', silent: true, z: 0, data: (data.hatched || []).map(function (one) { return [one.x, one.y, 0]; }), renderItem: hatch },
        { type: 'custom', silent: true, data: (data.marks_x || []).map(function (x) { return [x, data.y.length - 1, 0]; }), renderItem: mark },
      ],
    };
  }
  function thin(params, api) {
    var centre = api.coord([api.value(0), api.value(1)]), size = api.size([1, 1]);
    return { type: 'rect', shape: { x: centre[0] - size[0] / 2 + 0.5, y: centre[1] - size[1] / 2 + 0.5, width: size[0] - 1, height: size[1] - 1 }, style: { fill: token('thin') } };
  }
  function hatch(params, api) {
    // Where nothing may happen and nothing was: two strokes across the place.
    var centre = api.coord([api.value(0), api.value(1)]), size = api.size([1, 1]), half = Math.min(size[0], size[1]) / 2 - 1;
    return {
      type: 'group',
      children: [-half, half].map(function (shift) {
        return { type: 'line', shape: { x1: centre[0] + shift - half / 2, y1: centre[1] + half, x2: centre[0] + shift + half / 2, y2: centre[1] - half }, style: { stroke: token('line'), lineWidth: 1 } };
      }),
    };
  }
  function mark(params, api) {
    // Below the axis, whether or not the column's label has room there.
    var foot = api.coord([api.value(0), api.value(1)]), y = foot[1] + api.size([1, 1])[1] / 2 + 7, r = 3;
    return { type: 'polygon', shape: { points: [[foot[0], y - r], [foot[0] + r, y], [foot[0], y + r], [foot[0] - r, y]] }, style: { fill: token('soft') } };
  }
  var KINDS = { lines: lines, areas: areas, bars: bars, heat: heat };

  function draw(script) {
    var canvas = document.getElementById(script.dataset.for);
    if (!canvas || !window.echarts) return;
    var made = window.echarts.getInstanceByDom(canvas) || window.echarts.init(canvas);
    var text = script.textContent + document.documentElement.dataset.theme + canvas.clientWidth;
    if (canvas.drawn === text && canvas.firstChild) return;
    canvas.drawn = text;
    made.setOption(KINDS[canvas.dataset.chart](JSON.parse(script.textContent)), true);
  }
  function drawAll() {
    document.querySelectorAll('script[type="application/json"][data-for]').forEach(draw);
  }
  window.addEventListener('resize', function () {
    document.querySelectorAll('[data-chart]').forEach(function (one) {
      var made = window.echarts.getInstanceByDom(one);
      if (made) made.resize();
    });
  });
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', function () {
    document.querySelectorAll('[data-chart]').forEach(function (one) { one.drawn = ''; });
    drawAll();
  });
  document.addEventListener('htmx:afterSettle', drawAll);
  document.readyState === 'loading' ? document.addEventListener('DOMContentLoaded', drawAll) : drawAll();
})();
