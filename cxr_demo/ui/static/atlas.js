// Runs once with `element` (the card beside the map) and `trigger` from gr.HTML. Gradio's plots have
// no events of their own, so the Plotly graph is watched for and its points are passed on.
const SETTLE_MS = 90; // a pointer crossing the map must not ask for every point on its way
let timer, kept;

const pass = (event) => {
  const row = event.points[0].customdata;
  if (Number.isInteger(row)) trigger('point', { row });
};

const bridge = () => {
  const graph = document.querySelector('#atlas .js-plotly-plot');
  if (!graph || !graph.on || graph.bridged) return;
  graph.bridged = true;
  graph.on('plotly_hover', (event) => {
    clearTimeout(timer);
    if (!kept) timer = setTimeout(() => pass(event), SETTLE_MS);
  });
  graph.on('plotly_unhover', () => clearTimeout(timer));
  graph.on('plotly_click', (event) => {
    const row = event.points[0].customdata;
    kept = kept === row ? undefined : row;
    pass(event);
  });
};

bridge();
new MutationObserver(bridge).observe(document.body, { childList: true, subtree: true });
