// What the page knows, in one place. Modules read `state`, change it with `set`, and are called when
// something they asked for has changed. Nothing here outlives the tab.

export const state = {
  start: null, // what the server says once, see briefing.py
  atlas: null, // the library as far as it is known here, row by row
  edition: 0, // of the references' pictures
  file: null, // the radiograph's file; never its name
  reading: null, // what `analyse` answered, with pictures and maps decoded, see read/reading.js
  busy: false,
  around: null, // {neighbours, vote, map}: the search shown, the reading's own or another
  search: null, // {k, classes, exclude}: how it was searched
  highlighted: null, // a row of the atlas
  selected: [], // rows of the atlas picked on the map
  projection: 'umap',
  method: 'detector',
  thresholds: {}, // by method
  prevalence: 0.5,
  point: 'youden', // operating point
  view: null, // {zoom, x, y}: zoom and pan, shared by all panes; see read/viewport.js
  window: { level: 0.5, width: 1 },
  inverted: false,
  tool: 'window',
  overlay: 'anomaly', // 'saliency' | 'anomaly'
  overlayOn: true,
  saliencyOf: 'pneumonia',
  contour: true,
  opacity: 0.6,
  compare: { mode: 'single', with: 'reconstruction' }, // with: 'reconstruction' | row of the atlas
  probes: [], // see read/probe.js
  fill: 'blur',
  asking: null, // {source, count}: a file of several frames, one of which has to be chosen
  gated: false, // the radiograph looks unusual, and nobody has asked for its results yet
  readFirst: false, // outputs of the next radiograph are to be veiled
  veiled: false, // outputs are not to be seen yet
  impression: null, // what the reader marked before they were
};

/** The sentence that says why results are hidden. */
export const hiddenBy = () => (state.gated ? 'gated' : 'veiled');

const listeners = [];

/** Call `listener` after any of `keys` has been set. */
export function on(keys, listener) {
  listeners.push({ keys, listener });
}

/** Change some of the state and tell those who asked. */
export function set(changes) {
  Object.assign(state, changes);
  const changed = Object.keys(changes);
  for (const { keys, listener } of listeners) {
    if (keys.some((key) => changed.includes(key))) listener();
  }
}
