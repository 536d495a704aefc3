// The table of a batch: a file a row, sorted by any column, the models' columns hidden on request.
import { shown } from '../read/anomaly.js';
import { fill, make } from '../shared/dom.js';
import { state } from '../shared/store.js';
import { language, percent, t } from '../shared/wording.js';

const STATUSES = ['done', 'refused', 'failed', 'cancelled', 'working', 'waiting'];

/** How each column of what the models found is sorted and written. */
const FOUND = {
  called: [
    ({ called }) => state.start.classes.indexOf(called), ({ called }) => t(`class.${called}`),
  ],
  pneumonia: [({ pneumonia }) => pneumonia, ({ pneumonia }) => percent(pneumonia, 1)],
  bacterial: [({ bacterial }) => bacterial, ({ bacterial }) => percent(bacterial, 1)],
  viral: [({ viral }) => viral, ({ viral }) => percent(viral, 1)],
  score: [({ score }) => score, ({ score }) => shown(score, 'detector')],
  unusual: [({ unusual }) => Number(unusual), ({ unusual }) => t(unusual ? 'yes' : 'no')],
};

/** What a row is sorted by; null where it has nothing there. */
function sortable(row, column) {
  if (column === 'file') return row.name;
  if (column === 'status') return STATUSES.indexOf(row.status);
  return row.found && FOUND[column][0](row.found);
}

function compare(a, b, { column, descending }, names) {
  const [x, y] = column ? [sortable(a, column), sortable(b, column)] : [null, null];
  const missing = (x === null) - (y === null); // last, whichever way the others go
  if (missing) return missing;
  const way = typeof x === 'string' ? names.compare(x, y) : x - y;
  return (descending ? -way : way) || a.number - b.number;
}

/**
 * The table in a box.
 * @param {Element} box
 * @param {Array} rows  see batch-queue.js; the same array throughout
 * @param {function} open  called with a row that is to be opened
 */
export function table(box, rows, open) {
  const lines = new Map(); // row → its <tr>
  const body = make('tbody');
  let order = { column: null, descending: false };
  let veiled = false;

  function sorted() {
    const names = new Intl.Collator(language, { numeric: true });
    return [...rows].sort((a, b) => compare(a, b, order, names));
  }

  function cells(row) {
    const found = veiled ? [] : Object.entries(FOUND).map(([name, [, written]]) =>
      make('td', { data: { column: name }, text: row.found ? written(row.found) : '' }));
    return [
      make('td', {}, row.picture
        ? make('img', { alt: '', src: row.picture, width: 48, height: 48 }) : null),
      make('th', { scope: 'row' }, row.open
        ? make('button', { type: 'button', title: row.path, onclick: () => open(row) }, bdi(row))
        : make('span', { title: row.path }, bdi(row))),
      ...found,
      make('td', { data: { status: row.status } },
        make('b', { text: t(`batch.status.${row.status}`) }),
        row.reason ? ` ${t(row.reason.key, row.reason.values)}` : null),
    ];
  }

  function header(name) {
    const sort = { true: 'descending', false: 'ascending' }[order.descending];
    return make('th', { scope: 'col', 'aria-sort': name === order.column ? sort : 'none' },
      make('button', {
        type: 'button', text: t(`batch.column.${name}`), data: { sort: name },
        onclick: (event) => turn(name, event.target),
      }));
  }

  function turn(column, button) {
    order = { column, descending: order.column === column && !order.descending };
    for (const head of box.querySelectorAll('thead th')) head.setAttribute('aria-sort', 'none');
    const sort = order.descending ? 'descending' : 'ascending';
    button.parentElement.setAttribute('aria-sort', sort);
    body.append(...sorted().map((row) => lines.get(row)));
  }

  /** All of it anew. */
  function draw(veil) {
    veiled = veil;
    if (veiled && order.column in FOUND) order = { column: null, descending: false };
    lines.clear();
    for (const row of rows) lines.set(row, make('tr', {}, ...cells(row)));
    fill(body, ...sorted().map((row) => lines.get(row)));
    const columns = ['file', ...(veiled ? [] : Object.keys(FOUND)), 'status'];
    fill(box, make('table', {},
      make('caption', { class: 'visually-hidden', text: t('batch.caption') }),
      make('thead', {}, make('tr', {}, make('td'), ...columns.map(header))), body));
  }

  /** One row anew, where it now belongs; focus in it stays in it. */
  function update(row) {
    const line = lines.get(row);
    const focused = line.contains(document.activeElement);
    fill(line, ...cells(row));
    const inOrder = sorted();
    const next = lines.get(inOrder[inOrder.indexOf(row) + 1]) ?? null;
    if (line.nextSibling !== next) body.insertBefore(line, next);
    if (focused) line.querySelector('button')?.focus({ preventScroll: true });
  }

  return { draw, update, sorted };
}

/** Names come from anywhere: text, and written in their own direction. */
const bdi = ({ name }) => make('bdi', { text: name });
