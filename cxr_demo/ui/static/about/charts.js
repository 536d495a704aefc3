// Line charts by epoch, inline SVG, each with its numbers as a table. Lines differ in dashes too.
import { make } from '../shared/dom.js';
import { number, t } from '../shared/wording.js';
import { table } from './table.js';

const [WIDTH, HEIGHT] = [420, 220];
const BOX = { left: 52, right: 410, top: 12, bottom: 178 };

/** Round values that enclose a range, about so many steps apart. */
export function ticks(low, high, steps) {
  const rough = (high - low) / steps || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

const between = (from, to, low, high) => (value) =>
  from + ((to - from) * (value - low)) / (high - low || 1);

const text = (x, y, anchor, content) =>
  make('svg:text', { x, y, 'text-anchor': anchor, text: content });

function yAxis(values, y, label) {
  const decimals = Math.max(0, -Math.floor(Math.log10(values[1] - values[0]) + 1e-9));
  const middle = (BOX.top + BOX.bottom) / 2;
  const name = text(0, 0, 'middle', label);
  name.setAttribute('transform', `translate(11 ${middle}) rotate(-90)`);
  return [name, ...values.flatMap((value) => [
    make('svg:line', { class: 'rule', x1: BOX.left, x2: BOX.right, y1: y(value), y2: y(value) }),
    text(BOX.left - 5, y(value) + 4, 'end', number(value, decimals)),
  ])];
}

function xAxis(epochs, x) {
  const marks = [1, ...ticks(1, epochs, 6).filter((epoch) => epoch > 1 && epoch <= epochs)];
  return [
    text((BOX.left + BOX.right) / 2, HEIGHT - 6, 'middle', t('about.epoch')),
    ...marks.map((epoch) => text(x(epoch), BOX.bottom + 17, 'middle', number(epoch, 0))),
  ];
}

/** Where a second stage of training begins. */
function boundary(epoch, x) {
  const place = x(epoch - 0.5);
  return [
    make('svg:line', { class: 'stage', x1: place, x2: place, y1: BOX.top, y2: BOX.bottom }),
    text(place + 4, BOX.top + 10, 'start', t('about.stage')),
  ];
}

function line({ values }, index, x, y, shown) {
  const points = values.map((value, i) => [x(i + 1), y(value)]);
  return make('svg:g', { class: `line line-${index}` },
    make('svg:polyline', { points: points.map((point) => point.join(',')).join(' ') }),
    ...points.map(([cx, cy], i) => make('svg:circle', { cx, cy, r: 2 },
      make('svg:title', { text: `${number(i + 1, 0)}: ${shown(values[i])}` }))));
}

const sample = (index) => make('svg:svg', {
  class: `line line-${index}`, viewBox: '0 0 28 8', width: 28, height: 8, 'aria-hidden': 'true',
}, make('svg:polyline', { points: '0,4 28,4' }));

/**
 * A chart of one or more quantities by epoch.
 * @param {Object} chart  title; unit, the name of the vertical axis; decimals of its numbers;
 *   series [{name, values}], a value for each epoch; stage, the epoch a second stage begins with
 */
export function lineChart({ title, unit, decimals, series, stage = null }) {
  const shown = (value) => number(value, decimals);
  const epochs = series[0].values.length;
  const all = series.flatMap(({ values }) => values);
  const values = ticks(Math.min(...all), Math.max(...all), 4);
  const x = between(BOX.left + 8, BOX.right - 8, 1, epochs);
  const y = between(BOX.bottom, BOX.top, values[0], values.at(-1));
  const label = [
    t('about.chart', { title, epochs }),
    ...series.map(({ name, values: of }) => t('about.chart.line', {
      name, first: shown(of[0]), last: shown(of.at(-1)),
    })),
  ].join(' ');
  return make('figure', { class: 'chart' },
    make('figcaption', { text: title }),
    make('svg:svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
      ...yAxis(values, y, unit), ...xAxis(epochs, x), ...(stage ? boundary(stage, x) : []),
      ...series.map((one, index) => line(one, index, x, y, shown))),
    make('ul', { class: 'legend' },
      ...series.map(({ name }, index) => make('li', {}, sample(index), ` ${name}`))),
    make('details', {}, make('summary', { text: t('about.chart.table', { title }) }),
      table(title, [t('about.epoch'), ...series.map(({ name }) => name)],
        Array.from({ length: epochs }, (_, i) =>
          [number(i + 1, 0), ...series.map(({ values: of }) => shown(of[i]))]))));
}
