// Links the graph that gr.Plot draws with the page. Its three traces of references stay; star, lines
// and rings lie over them. Colours are those of the theme, words those of the language.
import { t } from './words.js';

const CLASSES = ['normal', 'bacterial', 'viral'];
const CLOSER_MS = 200; // how long a map stands still before what else it holds is asked for
const BUTTONS = { pan: 'map.pan', lasso: 'map.lasso.why', in: 'zoom.in', out: 'zoom.out', reset: 'map.reset' };
// Not of type scatter, which lies below all points drawn by WebGL.
const marks = { type: 'scattergl', showlegend: false, hoverinfo: 'skip' };

/** A typed array as plotly's Python writes it: {dtype, bdata, shape} → its rows, or a plain list. */
function rowsOf(sent) {
  if (Array.isArray(sent)) return sent;
  const bytes = Uint8Array.from(atob(sent.bdata), (letter) => letter.charCodeAt(0));
  const values = new Float32Array(bytes.buffer);
  const across = values.length / 2;
  return [values.subarray(0, across), values.subarray(across)];
}

export default function link({ element, props, trigger, watch }) {
  const page = element.closest('.gradio-container') ?? document.body;
  const told = (key, values) => t(props.label, key, values);
  const colour = (name) => getComputedStyle(page).getPropertyValue(`--${name}`).trim();
  const state = { projection: 'umap', query: null, marked: null };
  let graph = null;
  let points = []; // of each class: rows, patients, places on both maps
  let due = false;
  let drawing = null;
  let closer = null;

  function references() {
    const picked = state.marked?.rows.length > 1 ? new Set(state.marked.rows) : null; // one has a ring
    return points.map((own, index) => {
      const name = CLASSES[index];
      const [x, y] = own[state.projection];
      return {
        ...graph.data[index], x, y, customdata: own.rows, text: own.patients,
        name: `${told(`class.${name}`)} (${own.rows.length.toLocaleString(props.label)})`,
        hovertemplate: `${told(`class.${name}`)}<br>%{text}<extra></extra>`,
        marker: { ...graph.data[index].marker, color: colour(name) },
        selectedpoints: picked && own.rows.flatMap((row, i) => (picked.has(row) ? [i] : [])),
        selected: { marker: { opacity: 1, size: 9 } },
        unselected: { marker: { color: colour('other'), opacity: 0.35 } },
      };
    });
  }

  function overlay() {
    const { query, marked, projection } = state;
    const bright = colour('bright');
    const ring = ([x, y], size, width, shade) => ({ ...marks, mode: 'markers', x, y,
      marker: { symbol: 'circle-open', size, color: shade, line: { width } } });
    const drawn = marked?.rows.length === 1 ? [ring(marked[projection], 17, 3, colour('accent'))] : [];
    if (!query) return drawn;
    const [x, y] = query.position[projection];
    const [across, up] = query[projection];
    return [
      { ...marks, mode: 'lines', line: { color: bright, width: 1 }, opacity: 0.6,
        x: across.flatMap((end) => [x, end, null]), y: up.flatMap((end) => [y, end, null]) },
      ring(query[projection], 9, 1, bright),
      ...drawn,
      { ...marks, mode: 'markers', name: 'query', x: [x], y: [y], hoverinfo: 'text',
        text: told(query.atypical ? 'map.query.atypical' : 'map.query'),
        marker: { symbol: query.atypical ? 'star-open' : 'star', size: 18, color: bright,
          line: { color: colour('ground'), width: query.atypical ? 2 : 1 } } },
    ];
  }

  function layout() {
    const [text, dim, bright] = ['body-text-color', 'body-text-color-subdued', 'bright'].map(colour);
    return { ...graph.layout, font: { color: text, size: 12 }, paper_bgcolor: colour('ground'), plot_bgcolor: colour('ground'),
      modebar: { bgcolor: 'rgba(0,0,0,0)', color: dim, activecolor: bright },
      legend: { ...graph.layout.legend, itemsizing: 'constant', font: { color: text, size: 12 } },
      xaxis: { ...graph.layout.xaxis, uirevision: state.projection },
      yaxis: { ...graph.layout.yaxis, uirevision: state.projection },
      uirevision: 'map', selectionrevision: Math.random() }; // our marks show what is selected, not the outline
  }

  /** Draw once however much has changed, and nothing while a drawing is under way. */
  async function draw() {
    if (!graph || due) return;
    due = true;
    await new Promise(requestAnimationFrame);
    await drawing;
    due = false;
    drawing = window.Plotly.react(graph, [...references(), ...overlay()], layout(), props.config);
    await drawing;
    graph.setAttribute('role', 'group');
    graph.setAttribute('aria-label', told('map.title'));
    for (const [name, key] of Object.entries(BUTTONS)) {
      const button = graph.querySelector(`.modebar-btn[data-val=${name}]`);
      for (const attribute of ['aria-label', 'data-title']) button?.setAttribute(attribute, told(key));
    }
  }

  function attach(found) {
    graph = found;
    points = graph.data.slice(0, CLASSES.length).map(({ customdata, text, meta }) => ({
      rows: [...customdata], patients: [...text], umap: rowsOf(meta.umap), tsne: rowsOf(meta.tsne) }));
    const pick = (event) => trigger('pick', {
      rows: [...new Set((event?.points ?? []).map((point) => point.customdata).filter(Number.isInteger))] });
    graph.on('plotly_click', (event) => event.points.some((p) => Number.isInteger(p.customdata)) && pick(event));
    graph.on('plotly_selected', (event) => event?.points?.length && pick(event));
    graph.on('plotly_deselect', () => pick(null));
    graph.on('plotly_relayout', () => {
      clearTimeout(closer);
      if (!graph.layout.meta.whole) closer = setTimeout(look, CLOSER_MS);
    });
    draw();
  }

  function look() {
    const { xaxis, yaxis } = graph._fullLayout;
    const [[left, right], [bottom, top]] = [xaxis.range, yaxis.range];
    trigger('look', { projection: state.projection, box: [left, bottom, right, top] });
  }

  /** Points that were not there yet. */
  function add(more) {
    points = points.map((own, index) => {
      const sent = more[CLASSES[index]];
      const known = new Set(own.rows);
      const fresh = sent ? [...sent.rows.keys()].filter((i) => !known.has(sent.rows[i])) : [];
      const joined = (old, more) => [...old, ...fresh.map((i) => more[i])];
      return fresh.length ? { rows: joined(own.rows, sent.rows), patients: joined(own.patients, sent.patients),
        ...Object.fromEntries(['umap', 'tsne'].map((map) => [map, [0, 1].map((axis) => joined(own[map][axis], sent[map][axis]))])) } : own;
    });
  }

  function press() {
    for (const card of page.querySelectorAll('[data-row]')) {
      card.setAttribute('aria-pressed', state.marked?.rows.includes(Number(card.dataset.row)) ?? false);
    }
  }

  function speak() {
    page.lang = props.label;
    draw();
  }

  new MutationObserver(() => {
    const found = document.querySelector(`#${props.figure} .js-plotly-plot`);
    if (found && found !== graph && found._fullLayout && window.Plotly) attach(found);
  }).observe(document.body, { childList: true, subtree: true });
  new MutationObserver(draw).observe(document.body, { attributeFilter: ['class'] }); // the theme
  watch('value', () => {
    const { more, ...changed } = props.value ?? {};
    Object.assign(state, changed);
    if (more) add(more);
    if ('marked' in changed) press();
    draw();
  });
  watch('label', speak);
  speak();
}
