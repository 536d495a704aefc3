// Pointers, wheel and keys on a canvas of the viewer, see viewer.js. OHIF's keys where it has one.
import { boxBetween, clamp, panned, toImage, zoomed } from './viewer_layers.js';

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEYS = { w: 'window', p: 'pan', z: 'zoom', b: 'probe', i: 'inverted', o: 'overlayOn', c: 'contour', ' ': 'reset',
  '+': 'in', '=': 'in', '-': 'out' };
const MIN_BOX = 0.01; // a click is not a box
const STEP = 0.02;

export const useWindow = (viewer, number) =>
  viewer.change({ window: viewer.props.windows[number] ?? viewer.reading.window });

export const zoomBy = (viewer, pane, factor, at) =>
  viewer.change({ view: zoomed(viewer.state.view, factor, viewer.image, pane, at) });

export function listen(pane, viewer) {
  const pointers = new Map();
  const { state } = viewer;
  let from = null; // where a box began
  const point = ({ clientX, clientY }) => {
    const { left, top } = pane.getBoundingClientRect();
    return { x: (clientX - left) * devicePixelRatio, y: (clientY - top) * devicePixelRatio };
  };
  const onImage = (event) => toImage(state.view, viewer.image, pane, point(event));
  const panBy = (dx, dy) => viewer.change({ view: panned(state.view, dx, dy, viewer.image, pane) });
  const hide = (box) => box[2] - box[0] > MIN_BOX && box[3] - box[1] > MIN_BOX && viewer.hide(box);

  function pressed(event) {
    pane.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, point(event));
    const drawing = state.tool === 'probe' && event.button === 0 && pointers.size === 1;
    from = drawing ? onImage(event) : null;
    if (!drawing) viewer.change({ drawn: null });
  }

  function moved(event) {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = point(event);
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const apart = (a) => Math.hypot(a.x - other.x, a.y - other.y);
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      zoomBy(viewer, pane, apart(now) / Math.max(apart(before), 1), middle);
      panBy(dx / 2, dy / 2);
    } else if (from) viewer.change({ drawn: boxBetween(from, onImage(event)) });
    else if (event.buttons & 4 || state.tool === 'pan') panBy(dx, dy);
    else if (state.tool === 'zoom') zoomBy(viewer, pane, Math.exp(-dy / (200 * devicePixelRatio)));
    else if (state.tool === 'window') {
      const { level, width } = state.window;
      viewer.change({ window: { level: clamp(level - dy / devicePixelRatio / 600, 0, 1),
        width: clamp(width + dx / devicePixelRatio / 400, 0.02, 2) } });
    }
    pointers.set(event.pointerId, now);
  }

  function released(event) {
    if (!pointers.delete(event.pointerId) || !from) return;
    const box = boxBetween(from, onImage(event));
    from = null;
    viewer.change({ drawn: null });
    if (event.type === 'pointerup') hide(box);
  }

  /** With the probe in hand a box follows the arrows, grows with shift, and is set by Enter. */
  function boxKey({ key, shiftKey }) {
    const { drawn, tool } = state;
    const [dx, dy] = (ARROWS[key] ?? [0, 0]).map((steps) => steps * STEP);
    if (tool !== 'probe' || !(key === 'Enter' || (drawn && (key === 'Escape' || ARROWS[key])))) return false;
    if (key === 'Enter' || key === 'Escape') {
      viewer.change({ drawn: drawn ? null : [0.35, 0.35, 0.65, 0.65] });
      if (drawn && key === 'Enter') hide(drawn);
    } else {
      const [left, top, right, bottom] = drawn;
      const [x, y] = [clamp(dx, -left, 1 - right), clamp(dy, -top, 1 - bottom)];
      viewer.change({ drawn: shiftKey
        ? [left, top, clamp(right + dx, left + STEP, 1), clamp(bottom + dy, top + STEP, 1)]
        : [left + x, top + y, right + x, bottom + y] });
    }
    return true;
  }

  function typed(event) {
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (boxKey(event)) { /* done */ }
    else if (ARROWS[event.key]) panBy(...ARROWS[event.key].map((steps) => -40 * steps));
    else if (KEYS[key]) viewer.press(KEYS[key]);
    else if (key in viewer.props.windows) useWindow(viewer, key);
    else return;
    event.preventDefault();
  }

  function turned(event) {
    event.preventDefault();
    zoomBy(viewer, pane, Math.exp(-event.deltaY / 400), point(event));
  }

  const wanted = { pointerdown: pressed, pointermove: moved, pointerup: released, pointercancel: released,
    keydown: typed, wheel: turned };
  for (const [name, act] of Object.entries(wanted)) {
    pane.addEventListener(name, (event) => viewer.image && act(event), { passive: false });
  }
}
