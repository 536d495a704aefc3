// Tables that can be read by ear and scrolled by keyboard.
import { make } from '../shared/dom.js';
import { number } from '../shared/wording.js';

/**
 * A table; the first cell of each row is its header.
 * @param {string} caption
 * @param {string[]} columns  their headers
 * @param {Array<Array<string|Node>>} rows
 */
export function grid(caption, columns, rows) {
  const [first, ...others] = columns;
  return make('table', {},
    make('caption', { text: caption }),
    make('thead', {}, make('tr', {},
      make('th', { scope: 'col', text: first }),
      ...others.map((text) => make('th', { scope: 'col', text })))),
    make('tbody', {}, ...rows.map(([name, ...cells]) => make('tr', {},
      make('th', { scope: 'row' }, name),
      ...cells.map((cell) => make('td', {}, cell))))));
}

/** What scrolls sideways where a table is wider than the screen; reached by Tab. */
export const scroller = (label, ...children) =>
  make('div', { class: 'scroller', role: 'group', tabindex: 0, 'aria-label': label }, ...children);

/** Both. */
export const table = (caption, columns, rows) => scroller(caption, grid(caption, columns, rows));

/** What lies at a path of an object. */
export const at = (object, path) => path.reduce((part, name) => part[name], object);

/** A figure with its 95 % interval, where one was computed. */
export function figure(evaluation, path) {
  const value = number(at(evaluation, path), 3);
  const interval = evaluation.intervals[path.join('.')];
  return interval ? `${value} (${interval.map((bound) => number(bound, 3)).join('–')})` : value;
}
