// Pointer, wheel and keys on the viewer. OHIF's keys where it has one for the same thing.
import { byId } from '../shared/dom.js';
import { on, set, state } from '../shared/store.js';
import { runProbe } from './probe.js';
import { draw } from './viewer.js';
import { FITTED, boxBetween, panned, toImage, zoomed } from './viewport.js';

const PRESETS = {
  1: { level: 0.5, width: 1 },
  2: { level: 0.35, width: 0.6 },
  3: { level: 0.65, width: 0.5 },
  4: { level: 0.8, width: 0.4 },
};
const AUTOMATIC = 5; // the window between the 1st and the 99th percentile of the radiograph
const LEAST_BOX = 0.01; // a click is not a box
const STEP = 0.02;

const pointers = new Map();
let from = null; // where a box began, as shares of the image
let typed = null; // a box moved by keys

export const zoomBy = (factor, at) => withImage((image, pane) =>
  set({ view: zoomed(state.view, factor, image, pane, at) }));

const panBy = (dx, dy) => withImage((image, pane) =>
  set({ view: panned(state.view, dx, dy, image, pane) }));

const windowBy = (dx, dy) => {
  const { level, width } = state.window;
  const bounded = (value, least, most) => Math.min(Math.max(value, least), most);
  set({ window: {
    level: bounded(level - dy / 600, 0, 1), width: bounded(width + dx / 400, 0.02, 2),
  } });
};

export const reset = () =>
  set({ view: FITTED, window: PRESETS[1], inverted: false });

export function usePreset(number) {
  if (number !== AUTOMATIC) set({ window: PRESETS[number] });
  else if (state.reading) set({ window: automatic(state.reading.view.levels) });
}

function automatic(levels) {
  const counts = new Uint32Array(256);
  for (const level of levels) counts[level >> 8] += 1;
  const at = (share) => {
    let below = 0;
    const level = counts.findIndex((count) => (below += count) >= share * levels.length);
    return level / 255;
  };
  const [low, high] = [at(0.01), at(0.99)];
  return { level: (low + high) / 2, width: Math.max(high - low, 0.02) };
}

function withImage(act) {
  if (state.reading) act(state.reading.view, byId('primary'));
}

/** Where an event lies in the pane's own pixels. */
function inPane(event) {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  return { x: (event.clientX - left) * devicePixelRatio, y: (event.clientY - top) * devicePixelRatio };
}

function pressed(event) {
  if (!state.reading) return;
  event.currentTarget.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, inPane(event));
  const drawing = state.tool === 'probe' && event.button === 0 && pointers.size === 1;
  from = drawing ? toImage(state.view, state.reading.view, event.currentTarget, inPane(event)) : null;
  if (!drawing) draw(null);
}

function moved(event) {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const now = inPane(event);
  const [dx, dy] = [now.x - before.x, now.y - before.y];
  if (pointers.size === 2) {
    const other = [...pointers.entries()].find(([id]) => id !== event.pointerId)[1];
    const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    zoomBy(apart(now, other) / Math.max(apart(before, other), 1), middle);
    panBy(dx / 2, dy / 2);
  } else if (from) {
    draw(boxBetween(from, toImage(state.view, state.reading.view, event.currentTarget, now)));
  } else if (event.buttons & 4 || state.tool === 'pan') panBy(dx, dy);
  else if (state.tool === 'zoom') zoomBy(Math.exp(-dy / (200 * devicePixelRatio)));
  else if (state.tool === 'window') windowBy(dx / devicePixelRatio, dy / devicePixelRatio);
  pointers.set(event.pointerId, now);
}

function released(event) {
  if (!pointers.delete(event.pointerId) || !from) return;
  const to = toImage(state.view, state.reading.view, event.currentTarget, inPane(event));
  const box = boxBetween(from, to);
  from = null;
  draw(null);
  if (event.type === 'pointerup') hide(box);
}

function hide(box) {
  if (box.right - box.left > LEAST_BOX && box.bottom - box.top > LEAST_BOX) runProbe(box);
}

function turned(event) {
  if (!state.reading) return;
  event.preventDefault();
  zoomBy(Math.exp(-event.deltaY / 400), inPane(event));
}

const ARROWS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

const KEYS = {
  z: () => set({ tool: 'zoom' }),
  w: () => set({ tool: 'window' }),
  p: () => set({ tool: 'pan' }),
  b: () => set({ tool: 'probe' }),
  i: () => set({ inverted: !state.inverted }),
  o: () => set({ overlayOn: !state.overlayOn }),
  c: () => set({ contour: !state.contour }),
  '+': () => zoomBy(1.25),
  '=': () => zoomBy(1.25),
  '-': () => zoomBy(0.8),
  ' ': reset,
  ...Object.fromEntries([1, 2, 3, 4, 5].map((number) => [number, () => usePreset(number)])),
};

function typedKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId('panel-read').hidden) return;
  // Only on the viewer itself: single letters must not surprise who is elsewhere (WCAG 2.1.4).
  if (event.target.tagName !== 'CANVAS') return;
  if (state.reading && (boxKey(event) || arrowKey(event))) event.preventDefault();
  else if (KEYS[event.key.toLowerCase()]) {
    event.preventDefault();
    KEYS[event.key.toLowerCase()]();
  }
}

/** With the probe in hand a box follows the arrows, grows with shift, and is set by Enter. */
function boxKey(event) {
  if (state.tool !== 'probe') return false;
  if (event.key === 'Escape') typed = null;
  else if (event.key === 'Enter') {
    if (typed) hide(typed);
    typed = typed ? null : { left: 0.35, top: 0.35, right: 0.65, bottom: 0.65 };
  } else if (typed && ARROWS[event.key]) {
    const [dx, dy] = ARROWS[event.key].map((way) => way * STEP);
    typed = event.shiftKey ? sizedBy(typed, dx, dy) : movedBy(typed, dx, dy);
  } else return false;
  draw(typed);
  return true;
}

/** A box moved as a whole, as far as the image goes. */
function movedBy({ left, top, right, bottom }, dx, dy) {
  const x = Math.min(Math.max(dx, -left), 1 - right);
  const y = Math.min(Math.max(dy, -top), 1 - bottom);
  return { left: left + x, top: top + y, right: right + x, bottom: bottom + y };
}

/** A box with its lower right corner moved, not across its upper left one. */
function sizedBy({ left, top, right, bottom }, dx, dy) {
  const within = (share, least) => Math.min(Math.max(share, least + 2 * LEAST_BOX), 1);
  return { left, top, right: within(right + dx, left), bottom: within(bottom + dy, top) };
}

function arrowKey(event) {
  const way = ARROWS[event.key];
  if (way) panBy(-40 * way[0], -40 * way[1]);
  return Boolean(way);
}

export function start() {
  for (const canvas of [byId('primary'), byId('secondary')]) {
    canvas.addEventListener('pointerdown', pressed);
    canvas.addEventListener('pointermove', moved);
    canvas.addEventListener('pointerup', released);
    canvas.addEventListener('pointercancel', released);
    canvas.addEventListener('wheel', turned, { passive: false });
  }
  document.addEventListener('keydown', typedKey);
  on(['reading', 'tool'], () => {
    [from, typed] = [null, null];
    draw(null);
  });
}
