// Runs once with `element` (the card beside the map) and `trigger` from gr.HTML. Gradio's plots have
// no events of their own, so the Plotly graph is watched for and its points are passed on.
const SETTLE_MS = 90; // a pointer crossing the map must not ask for every point on its way
const PURGE_MS = 3000;
let bound, kept, timer;

const pass = (row) => {
  if (Number.isInteger(row)) trigger('point', { row });
};

const keep = (row) => {
  kept = row;
  element.classList.toggle('kept', kept !== undefined);
};

const bridge = () => {
  const graph = document.querySelector('#atlas .js-plotly-plot');
  if (!graph || !graph.on || graph === bound) return;
  // Gradio makes a new graph for every figure, and browsers allow few WebGL contexts: the old one
  // goes, once the drawing that may still be under way in it has come to its end.
  const old = bound;
  if (old) setTimeout(() => window.Plotly?.purge(old), PURGE_MS);
  bound = graph;
  keep(undefined);
  graph.on('plotly_hover', (event) => {
    clearTimeout(timer);
    if (kept === undefined) timer = setTimeout(() => pass(event.points[0].customdata), SETTLE_MS);
  });
  graph.on('plotly_unhover', () => clearTimeout(timer));
  graph.on('plotly_click', (event) => {
    const row = event.points[0].customdata;
    keep(kept === row ? undefined : row);
    pass(row);
  });
};

bridge();
new MutationObserver(bridge).observe(document.body, { childList: true, subtree: true });
