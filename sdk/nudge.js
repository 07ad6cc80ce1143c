/*! Nudge SDK, Apache-2.0 */
// The browser SDK; its interface is told in nudge.d.ts, its reasons in docs/decisions/0048-sdk.md.
// ES5 without dependencies. It must not throw into a page, nor change what a page has shown.
(function () {
  // Keys of the storage. An event has one of its own: two tabs never write over each other.
  var VISITOR = 'nudge.v';
  var TOKEN = 'nudge.t';
  var AMOUNT = 'nudge.a';
  var EVENT = 'nudge.e';

  var HALF_HOUR = 18e5;
  var RETRY = 5e3; // milliseconds; doubled after each try, up to a minute
  var BATCH = 25;
  var MOST = 100; // events that wait; the oldest go first

  var options = {};
  var memory = {}; // what this page wrote: all there is where the storage throws
  var answers = {}; // page, slot and failure -> what is shown
  var forced = {}; // slot -> what QA chose
  var failure = {}; // the payment that failed last, as context
  var fresh = []; // keys of events that were not sent yet
  var wait = RETRY;
  var storage, page, timer, started;

  // Storage: private windows throw, and so does a full one.

  function store(method, key, text) {
    try {
      return storage[method](key, text);
    } catch (e) {}
  }

  function write(key, text) {
    memory[key] = text;
    store('setItem', key, text);
  }

  function read(key) {
    return memory[key] || store('getItem', key) || null;
  }

  function forget(key) {
    delete memory[key];
    store('removeItem', key);
  }

  // Keys of the events that were sent and not acknowledged, the oldest first.
  function waiting() {
    var keys = Object.keys(memory);
    var i = 0;
    var key;
    while ((key = store('key', i++)) != null) keys.push(key);
    // After its first letters a key goes on with the time.
    return keys.sort().filter(function (key, i) {
      return !key.indexOf(EVENT) && key != keys[i - 1] && fresh.indexOf(key) < 0;
    });
  }

  function copy(from, to) {
    for (var name in from) to[name] = from[name];
  }

  function makeId() {
    return Date.now().toString(36) + Math.random().toString(36).slice(2);
  }

  // Transports: each calls `done` with the answer's text, or with anything else where none came.

  var mini = typeof wx == 'object' && wx.request && wx;

  function byWx(url, body, done) {
    mini.request({
      url: url,
      method: 'POST',
      data: body,
      dataType: 'text', // left as it is
      success: function (answer) {
        done(answer.data);
      },
      fail: done
    });
  }

  function byFetch(url, body, done) {
    fetch(url, { method: 'POST', body: body }).then(function (answer) {
      return answer.text();
    }).then(done, done);
  }

  function byXhr(url, body, done) {
    var request = new XMLHttpRequest();
    request.open('POST', url);
    request.onreadystatechange = function () {
      if (request.readyState == 4) done(request.responseText);
    };
    request.send(body);
  }

  // A text and the key in the address: browsers ask no leave (preflight) for such a call.
  function address(path) {
    return (options.endpoint || '').replace(/\/$/, '') + '/v1/' + path +
      '?key=' + encodeURIComponent(options.key);
  }

  function send(path, body, done) {
    try {
      (options.transport || (mini ? byWx : typeof fetch == 'function' ? byFetch : byXhr))(
        address(path), body, done
      );
    } catch (e) {
      done();
    }
  }

  // Events: a beacon at once, then calls with an answer until one has acknowledged them.

  function batch(keys) {
    var events = [];
    keys.forEach(function (key) {
      try {
        var event = JSON.parse(read(key));
        // Seconds ago, by this device's clock, whatever that is: an age needs no right clock.
        event.ago = (Date.now() - parseInt(key.slice(EVENT.length))) / 1e3;
        if (event.msisdn) event.device_token = read(TOKEN);
        events.push(event);
      } catch (e) {
        forget(key);
      }
    });
    return JSON.stringify({ events: events });
  }

  function flush() {
    var told = 1;
    while (told && fresh[0]) {
      try {
        told = !options.transport && navigator.sendBeacon(
          address('events'), batch(fresh.splice(0, BATCH))
        );
      } catch (e) {
        told = 0;
      }
      later(told ? RETRY : 0);
    }
    fresh = [];
  }

  function later(delay) {
    clearTimeout(timer);
    timer = setTimeout(confirm, delay);
  }

  function confirm() {
    var keys = waiting().slice(0, BATCH);
    if (!keys[0]) return;
    // Planned before the call: it may never be answered, or be cut by the back-forward cache.
    later(wait);
    wait = Math.min(wait * 2, 6e4);
    send('events', batch(keys), function (text) {
      // The service's own word alone counts: proxies and portals answer 200 as well. What a limit
      // refused comes again, and with it the rest, which counts once.
      if (/"accepted"/.test(text) && !/"too_many_requests"/.test(text)) {
        keys.forEach(forget);
        wait = RETRY;
        later(0);
      }
    });
  }

  function track(type, fields) {
    var event = { event_id: makeId(), visitor_id: read(VISITOR), type: type };
    var now = Date.now();
    var key, keys, text;
    copy(fields, event);
    if (event.step == 'amount') write(AMOUNT, JSON.stringify([now, page, event.amount]));
    key = EVENT + now + '.' + event.event_id;
    text = JSON.stringify(event);
    // A phone number is never left in the storage.
    if (event.msisdn) memory[key] = text;
    else write(key, text);
    fresh.push(key);
    for (keys = waiting(); keys.length >= MOST; ) forget(keys.shift());
    setTimeout(flush, 0);
  }

  function shown(decisionId) {
    // The id follows from the decision: told twice, it is one event.
    if (decisionId) track('shown', { event_id: 's' + decisionId, decision_id: decisionId });
  }

  function seen(element, decisionId) {
    var timer;
    function look(visible) {
      clearTimeout(timer);
      if (visible) timer = setTimeout(function () {
        if (document.hidden) return look(1);
        shown(decisionId);
        decisionId = 0;
      }, 1e3);
    }
    if (element) try {
      new IntersectionObserver(function (entries) {
        look(entries.pop().intersectionRatio >= 0.5);
      }, { threshold: 0.5 }).observe(element);
    } catch (e) {
      look(1); // an old browser cannot tell: after a second on the page
    }
  }

  function paymentFailed(reason, method) {
    failure = { failure_reason: reason || 'unknown', method: method, failed_at: Date.now() / 1e3 };
    track('payment_failed', { reason: reason, method: method });
  }

  // Decisions.

  function carried(slot) {
    try {
      var found = JSON.parse(read(AMOUNT)); // [time, page, amount]
      if (slot == 'denomination' && found[1] != page && Math.abs(Date.now() - found[0]) < HALF_HOUR)
        return { value: found[2], reason: 'carried' };
    } catch (e) {}
  }

  function decide(slots, context, show) {
    var asked = {};
    var resolve, budget;
    var promise = typeof Promise == 'function' && new Promise(function (done) {
      resolve = done;
    });
    copy(failure, asked);
    copy(context, asked);
    page = asked.page = asked.page || page;

    function keyOf(slot) {
      return asked.page + '.' + slot + (slot == 'payment_retry' ? asked.failed_at : '');
    }

    var known = {};
    var missing = slots.filter(function (slot) {
      known[slot] = forced[slot] || carried(slot) || answers[keyOf(slot)];
      return !known[slot];
    });

    // Called by the answer and by the budget: the first one counts, for good.
    function answer(decisions) {
      if (!known) return;
      clearTimeout(budget);
      missing.forEach(function (slot) {
        var key = keyOf(slot);
        known[slot] = answers[key] = answers[key] || (decisions || {})[slot] ||
          { value: (options.defaults || {})[slot], reason: 'default' };
        setTimeout(function () {
          delete answers[key];
        }, HALF_HOUR);
      });
      var all = known;
      known = 0;
      if (resolve) resolve(all);
      if (show) show(all);
    }

    if (!missing[0]) answer();
    else {
      budget = setTimeout(answer, options.timeoutMs || 300);
      send('decisions', JSON.stringify({
        visitor_id: read(VISITOR),
        channel: options.channel,
        page: page,
        slots: missing,
        context: asked,
        device_token: read(TOKEN)
      }), function (text) {
        try {
          text = JSON.parse(text);
          if (text.device_token) write(TOKEN, text.device_token);
        } catch (e) {
          text = {};
        }
        answer(text.decisions);
      });
    }
    return promise;
  }

  function override(variants, query) {
    query = query || (mini ? '' : location.search);
    query.replace(/[?&]nudge\.([\w.-]+)=([\w.-]+)/g, function (_, slot, name) {
      var listed = variants[slot];
      // Names such as `constructor` are not enumerable.
      if (listed && listed.propertyIsEnumerable(name))
        forced[slot] = { variant: name, value: listed[name], reason: 'override' };
    });
  }

  function init(given) {
    var keys;
    options = given;
    try {
      storage = given.storage || (mini ? {
        getItem: mini.getStorageSync,
        setItem: mini.setStorageSync,
        removeItem: mini.removeStorageSync,
        key: function (i) {
          if (!i) keys = mini.getStorageInfoSync().keys;
          return keys[i];
        }
      } : localStorage);
    } catch (e) {}
    write(VISITOR, given.visitorId || read(VISITOR) || makeId() + makeId());
    if (given.deviceToken) write(TOKEN, given.deviceToken);
    if (!started && !mini) {
      started = 1;
      addEventListener('pagehide', flush);
      addEventListener('pageshow', function (event) {
        if (event.persisted) later(0);
      });
    }
    later(0);
  }

  var nudge = {
    init: init,
    decide: decide,
    shown: shown,
    seen: seen,
    track: track,
    paymentFailed: paymentFailed,
    override: override
  };
  if (typeof module == 'object') module.exports = nudge;
  else window.nudge = nudge;
})();
