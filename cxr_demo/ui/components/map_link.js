// Links the graph that gr.Plot draws with the page. Its three traces of references stay; star, lines
// and rings lie over them. Colours are those of the theme, words those of the language.
import { words } from './words.js';

const CLASSES = ['normal', 'bacterial', 'viral'];
const CLOSER_MS = 200; // how long a map stands still before what else it holds is asked for
const BUTTONS = { pan: 'map.pan', lasso: 'map.lasso.why', in: 'zoom.in', out: 'zoom.out', reset: 'map.reset' };

export default function link({ element, props, trigger, watch }) {
  const { t, number } = words(props);
  const page = element.closest('.gradio-container') ?? document.body;
  const colour = (name) => getComputedStyle(page).getPropertyValue(`--${name}`).trim();
  const state = { projection: 'umap', query: null, marked: null };
  const points = CLASSES.map(() => new Map()); // of each class: library row → patient, place on both maps
  let columns = []; // the same as Plotly takes it; made again only when it changes, for it compares identities
  const gl = document.createElement('canvas').getContext('webgl');
  const type = gl?.getExtension('ANGLE_instanced_arrays') ? 'scattergl' : 'scatter'; // as Plotly asks
  let graph = null;
  let due = null;
  let closer = null;

  /** Further points, as figure and `more` hold them (see map_figure.py), by the projection chosen. */
  function arrange(traces = []) {
    traces.forEach(({ customdata, text }, index) => customdata.forEach(([row, ...at], i) =>
      points[index].set(row, { text: text[i], umap: at.slice(0, 2), tsne: at.slice(2) })));
    columns = points.map((own) => {
      const found = [...own.values()];
      const [x, y] = [0, 1].map((axis) => found.map((point) => point[state.projection][axis]));
      return { x, y, customdata: [...own.keys()], text: found.map(({ text }) => text) };
    });
  }

  function references() {
    const picked = state.marked?.rows.length > 1 ? new Set(state.marked.rows) : null; // one has a ring
    return columns.map(({ customdata: rows, ...column }, index) => ({
      ...graph.data[index], ...column, type, customdata: rows,
      name: `${t(`class.${CLASSES[index]}`)} (${number(rows.length, 0)})`,
      hovertemplate: `${t(`class.${CLASSES[index]}`)}<br>%{text}<extra></extra>`,
      marker: { ...graph.data[index].marker, color: colour(CLASSES[index]) },
      selectedpoints: picked && rows.flatMap((row, i) => (picked.has(row) ? [i] : [])),
      selected: { marker: { opacity: 1, size: 9 } },
      unselected: { marker: { color: colour('other'), opacity: 0.35 } },
    }));
  }

  function overlay() {
    const { query, marked, projection } = state;
    const bright = colour('bright');
    const marks = { type, showlegend: false, hoverinfo: 'skip' }; // others would lie below the points
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
        text: t(query.atypical ? 'map.query.atypical' : 'map.query'),
        marker: { symbol: query.atypical ? 'star-open' : 'star', size: 18, color: bright,
          line: { color: colour('ground'), width: query.atypical ? 2 : 1 } } },
    ];
  }

  function layout() {
    const [text, dim, bright] = ['body-text-color', 'body-text-color-subdued', 'bright'].map(colour);
    const { legend, xaxis, yaxis } = graph.layout;
    return { ...graph.layout, font: { color: text, size: 12 }, legend: { ...legend, itemsizing: 'constant' },
      modebar: { bgcolor: 'rgba(0,0,0,0)', color: dim, activecolor: bright },
      xaxis: { ...xaxis, uirevision: state.projection }, yaxis: { ...yaxis, uirevision: state.projection },
      uirevision: 'map', selectionrevision: Math.random() }; // our marks show what is selected, not the outline
  }

  /** Draw once for each refresh of the screen, however much has changed. */
  function draw() {
    page.lang = props.label;
    if (graph) due ??= requestAnimationFrame(redraw);
  }

  async function redraw() {
    due = null;
    await window.Plotly.react(graph, [...references(), ...overlay()], layout());
    graph.setAttribute('role', 'group');
    graph.setAttribute('aria-label', t('map.title'));
    for (const [name, key] of Object.entries(BUTTONS)) {
      const button = graph.querySelector(`.modebar-btn[data-val=${name}]`);
      for (const attribute of ['aria-label', 'data-title']) button?.setAttribute(attribute, t(key));
    }
    graph.querySelector('.no-webgl')?.remove(); // Plotly's advice to visit another page
  }

  function attach(found) {
    graph = found;
    arrange(graph.data.slice(0, CLASSES.length));
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
    const { xaxis: { range: [left, right] }, yaxis: { range: [bottom, top] } } = graph._fullLayout;
    trigger('look', { projection: state.projection, box: [left, bottom, right, top] });
  }

  function change({ more, ...changed }) {
    Object.assign(state, changed);
    if (more || changed.projection) arrange(more);
    for (const card of 'marked' in changed ? page.querySelectorAll('[data-row]') : []) {
      card.setAttribute('aria-pressed', state.marked?.rows.includes(Number(card.dataset.row)) ?? false);
    }
    draw();
  }

  function find() {
    const found = document.querySelector(`#${props.figure} .js-plotly-plot`);
    if (found && found !== graph && found._fullLayout && window.Plotly) attach(found);
  }

  page.addEventListener('click', ({ target }) => {
    const { dataset: { row } = {}, ariaPressed } = target.closest('[data-row]') ?? {};
    if (row) trigger('press', { rows: ariaPressed === 'true' ? [] : [Number(row)] });
  });
  new MutationObserver(find).observe(document.body, { childList: true, subtree: true });
  new MutationObserver(draw).observe(document.body, { attributeFilter: ['class'] }); // the theme
  watch('value', () => change(props.value ?? {}));
  watch('label', draw);
  draw();
  find(); // the graph may have been drawn first
}
