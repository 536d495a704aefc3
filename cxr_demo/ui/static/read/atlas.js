// The map of all references, with the radiograph on it: Plotly's points, our links. What is picked
// here is shown beside, and what is picked beside is marked here.
import { byId, fill, make } from '../shared/dom.js';
import { on, set, state } from '../shared/store.js';
import { t } from '../shared/wording.js';
import { say } from './intake.js';
import { card, label, load, look } from './library.js';

const SYMBOLS = { normal: 'circle', bacterial: 'diamond', viral: 'square' };
const MOST_SHOWN = 24; // cards of a lasso; the table has them all
const QUIET = { displayModeBar: false, scrollZoom: true, doubleClick: false };
const CLOSER_MS = 200; // how long a map stands still before what else it holds is asked for
let placed = {}; // each class's points by projection
let closer = null;
let lassoing = false;
let due = false;
let drawing = null;

const graph = () => byId('atlas');
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function script() {
  if (window.Plotly) return Promise.resolve();
  return new Promise((loaded) => {
    document.head.append(make('script', { src: 'plotly.js', onload: loaded,
      onerror: () => say('call.lost', 'refused') }));
  });
}

/** Where rows lie on a map. */
function points(rows, [x, y]) {
  return { x: rows.map((row) => x[row]), y: rows.map((row) => y[row]) };
}

/** Each class's rows and their places; the same arrays each time, so that Plotly need not look. */
function groups(projection) {
  const { atlas, start } = state;
  placed[projection] ??= start.classes.map((_, index) => {
    const rows = [...atlas.ids.keys()].filter((row) => atlas.labels[row] === index);
    const patients = rows.map((row) => atlas.patients[row]);
    return { customdata: rows, text: patients, ...points(rows, atlas.maps[projection]) };
  });
  return placed[projection];
}

/** One trace for each class, then lines to the neighbours, rings around them, and the radiograph. */
function traces() {
  const { atlas, projection, around, reading, veiled, selected, highlighted } = state;
  const map = atlas.maps[projection];
  const [x, y] = map;
  const picked = new Set(selected.length ? selected : highlighted === null ? [] : [highlighted]);
  const classes = groups(projection).map((group, index) => {
    const name = state.start.classes[index];
    const rows = group.customdata;
    const chosen = picked.size ? rows.flatMap((row, i) => (picked.has(row) ? [i] : [])) : null;
    return {
      type: 'scattergl', mode: 'markers', name: `${t(`class.${name}`)} (${rows.length})`, ...group,
      hovertemplate: `${t(`class.${name}`)}<br>%{text}<extra></extra>`,
      marker: { color: colour(name), symbol: SYMBOLS[name], size: 5, opacity: 0.7 },
      selectedpoints: chosen,
      selected: { marker: { opacity: 1, size: 9 } },
      unselected: { marker: { color: colour('other'), opacity: 0.35 } },
    };
  });
  if (!reading || !around || veiled) return classes;
  const near = around.neighbours.map(({ row }) => row);
  const [qx, qy] = around.map[projection];
  const bright = colour('bright');
  const plain = { type: 'scattergl', showlegend: false, hoverinfo: 'skip' };
  return [
    ...classes,
    { ...plain, mode: 'lines', line: { color: bright, width: 1 }, opacity: 0.6,
      x: near.flatMap((row) => [qx, x[row], null]), y: near.flatMap((row) => [qy, y[row], null]) },
    { ...plain, mode: 'markers', ...points(near, map),
      marker: { symbol: 'circle-open', size: 9, color: bright, line: { width: 1.5 } } },
    ...(highlighted === null ? [] : [{ ...plain, mode: 'markers', ...points([highlighted], map),
      marker: { symbol: 'circle-open', size: 17, color: colour('accent'), line: { width: 3 } } }]),
    { ...plain, mode: 'markers', name: 'query', x: [qx], y: [qy], hoverinfo: 'text',
      text: t(reading.atypical ? 'map.query.atypical' : 'map.query'),
      marker: { symbol: reading.atypical ? 'star-open' : 'star', size: 15, color: bright,
        line: { color: colour('ground'), width: reading.atypical ? 2 : 1 } } },
  ];
}

function layout() {
  const hidden = { visible: false };
  return {
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: colour('ground'), font: { color: colour('text'), size: 11 },
    margin: { l: 2, r: 2, t: 2, b: 2 }, xaxis: hidden, yaxis: hidden, hovermode: 'closest',
    legend: { orientation: 'h', x: 0, y: 1, yanchor: 'top', itemsizing: 'constant',
      bgcolor: 'rgba(0,0,0,0)', font: { size: 10.5 } },
    dragmode: lassoing ? 'lasso' : 'pan', uirevision: state.projection,
    selectionrevision: Math.random(), // our own marks show what is selected, not the drawn outline
  };
}

/** Draw once however much has changed, and nothing while a drawing is under way. */
async function draw() {
  if (!state.atlas || !window.Plotly || due) return;
  due = true;
  await new Promise(requestAnimationFrame);
  await drawing;
  due = false;
  const first = !graph().data;
  drawing = window.Plotly.react(graph(), traces(), layout(), QUIET);
  await drawing;
  if (!first) return;
  graph().on('plotly_relayout', () => {
    clearTimeout(closer);
    closer = setTimeout(() => {
      const { xaxis, yaxis } = graph()._fullLayout;
      const [[left, right], [bottom, top]] = [xaxis.range, yaxis.range];
      look(state.projection, [left, bottom, right, top]).catch(() => say('call.lost', 'refused'));
    }, CLOSER_MS);
  });
  graph().on('plotly_click', ({ points: [{ customdata: row }] }) => {
    if (Number.isInteger(row)) set({ highlighted: row, selected: [] });
  });
  graph().on('plotly_selected', (event) => {
    const rows = (event?.points ?? []).map(({ customdata }) => customdata).filter(Number.isInteger);
    if (rows.length) set({ selected: [...new Set(rows)], highlighted: null });
  });
}

/** The references picked: the one highlighted, or those in the lasso. */
function pointed() {
  const { highlighted, selected, atlas } = state;
  if (!atlas) return;
  const focused = document.activeElement?.closest('#pointed .card')?.dataset.row;
  byId('pointed').className = selected.length ? 'strip' : '';
  if (selected.length) {
    fill(byId('pointed'), make('span', { class: 'note', role: 'status', text: t('map.selected', { count: selected.length }) }),
      ...selected.slice(0, MOST_SHOWN).map((row) => card(row)));
  } else if (highlighted !== null) fill(byId('pointed'), card(highlighted), compareButton(highlighted));
  else fill(byId('pointed'), make('span', { class: 'note', text: t('map.hint') }));
  if (focused) byId('pointed').querySelector(`[data-row="${focused}"]`)?.focus();
}

function compareButton(row) {
  if (!state.reading || state.veiled) return null;
  return make('button', { type: 'button', id: 'compare-pointed', text: t('map.compare'),
    onclick: () => set({ compare: { mode: 'side', with: row } }) });
}

/** The same for keyboards: references as rows of a table, those picked or the neighbours first. */
function table() {
  const box = byId('references');
  if (box.hidden || !state.atlas) return;
  const wanted = (byId('find')?.value ?? '').trim().toLowerCase();
  const picked = state.selected.length ? state.selected
    : (state.veiled ? [] : state.around?.neighbours ?? []).map(({ row }) => row);
  const found = wanted
    ? [...state.atlas.ids.keys()].filter((row) => state.atlas.patients[row].toLowerCase().includes(wanted))
    : picked;
  const list = make('table', {},
    make('caption', { class: 'note', text: t('table.caption', { count: found.length }) }),
    make('thead', {}, make('tr', {}, ...['table.patient', 'table.class', 'table.id'].map((key) =>
      make('th', { scope: 'col', text: t(key) })))),
    make('tbody', {}, ...found.slice(0, 200).map((row) => make('tr', {},
      make('td', {}, make('button', { type: 'button', text: state.atlas.patients[row], data: { row },
        'aria-pressed': state.highlighted === row, onclick: () => set({ highlighted: row }) })),
      make('td', { text: t(`class.${label(row)}`) }),
      make('td', { text: state.atlas.ids[row] })))));
  if (!byId('find')) {
    fill(box, make('label', { class: 'slider' }, make('span', { text: t('table.find') }),
      make('input', { type: 'text', id: 'find', oninput: table })), make('div', { id: 'found' }));
  }
  const focused = document.activeElement?.closest('#found button')?.dataset.row;
  fill(byId('found'), list);
  if (focused) byId('found').querySelector(`[data-row="${focused}"]`)?.focus();
}

export function start() {
  load().then(script).then(draw).catch(() => say('call.lost', 'refused'));
  new ResizeObserver(() => graph().data && window.Plotly.Plots?.resize(graph())).observe(graph());
  byId('lasso').addEventListener('click', () => {
    lassoing = !lassoing;
    byId('lasso').setAttribute('aria-pressed', lassoing);
    // At once: a drawing of everything could fall into the first stroke of the lasso.
    window.Plotly?.relayout(graph(), { dragmode: lassoing ? 'lasso' : 'pan' });
  });
  byId('map-reset').addEventListener('click', () => {
    set({ selected: [], highlighted: null });
    window.Plotly?.relayout(graph(), { 'xaxis.autorange': true, 'yaxis.autorange': true });
  });
  byId('map-table').addEventListener('click', () => {
    const box = byId('references');
    box.hidden = !box.hidden;
    byId('map-table').setAttribute('aria-expanded', !box.hidden);
    table();
  });
  byId('projection').addEventListener('change', (event) => set({ projection: event.target.value }));
  on(['language'], () => {
    fill(byId('projection'), ...[['umap', 'UMAP'], ['tsne', 't-SNE']].map(([value, text]) =>
      make('option', { value, text, selected: value === state.projection })));
    fill(byId('references'));
  });
  on(['atlas'], () => { placed = {}; });
  on(['atlas', 'around', 'projection', 'highlighted', 'selected', 'veiled', 'theme', 'language'], draw);
  on(['atlas', 'highlighted', 'selected', 'veiled', 'reading', 'language'], pointed);
  on(['atlas', 'around', 'highlighted', 'selected', 'veiled', 'language'], table);
}
