// What the pages' charts use of ECharts, and nothing else: see nudge/pages/static/charts.js.
import * as core from 'echarts/core';
import { BarChart, CustomChart, HeatmapChart, LineChart } from 'echarts/charts';
import {
  GridComponent, MarkLineComponent, TooltipComponent, VisualMapContinuousComponent,
} from 'echarts/components';
// A canvas: the SVG renderer writes style attributes, which the pages' policy forbids.
import { CanvasRenderer } from 'echarts/renderers';

core.use([
  BarChart, CustomChart, HeatmapChart, LineChart, GridComponent, MarkLineComponent,
  TooltipComponent, VisualMapContinuousComponent, CanvasRenderer,
]);
window.echarts = { init: core.init, getInstanceByDom: core.getInstanceByDom };
