// The radiograph on its canvases: one pane, two side by side, or two under a curtain. All painting
// follows from the state; a frame is painted at most once per screen refresh.
import { byId } from '../shared/dom.js';
import { on, set, state } from '../shared/store.js';
import { t } from '../shared/wording.js';
import * as layers from './layers.js';
import { say } from './intake.js';
import { pictureOf } from './library.js';
import { grey } from './reading.js';
import { FITTED, place } from './viewport.js';

const canvases = () => [byId('primary'), byId('secondary')];
const kept = new Map(); // layers by name, made anew when what they were made of changes
let scheduled = false;
let curtain = 0.5; // share of the pane's width that shows the radiograph
let drawn = null; // a box being drawn
let other = null; // grey levels of what is compared with

/** The box being drawn, as {left, top, right, bottom} in shares of the image, or null. */
export function draw(box) {
  drawn = box;
  repaint();
}

/** How long the last painting of a pane took is in `data-paint-ms`: sliders must not wait for it. */
function paint() {
  scheduled = false;
  const began = performance.now();
  const [primary, secondary] = canvases();
  const mode = comparing();
  secondary.hidden = mode !== 'side';
  byId('curtain').hidden = mode !== 'swipe';
  byId('curtain').parentElement.classList.toggle('side', mode === 'side');
  const context = sized(primary);
  if (!state.reading) return;
  const image = state.reading.view;
  pane(primary, context, layer('radiograph', image), true);
  if (mode === 'swipe') {
    const edge = primary.width * curtain;
    context.save();
    context.beginPath();
    context.rect(edge, 0, primary.width - edge, primary.height);
    context.clip();
    context.fillStyle = '#000';
    context.fillRect(edge, 0, primary.width - edge, primary.height);
    pane(primary, context, layer('other', other), false);
    context.restore();
    context.fillStyle = '#ffffff';
    context.fillRect(edge - 1, 0, 2, primary.height);
  } else if (mode === 'side') {
    pane(secondary, sized(secondary), layer('other', other), false);
  }
  primary.dataset.paintMs = (performance.now() - began).toFixed(2);
}

/** What is compared with can be shown, and how. */
function comparing() {
  return state.reading && !state.veiled && other ? state.compare.mode : 'single';
}

function pane(canvas, context, picture, overlaid) {
  const spot = place(state.view, state.reading.view, canvas);
  const put = (source) => context.drawImage(source, spot.left, spot.top, spot.width, spot.height);
  context.imageSmoothingQuality = 'high';
  put(picture);
  if (!state.veiled && overlaid && state.overlayOn) {
    context.globalAlpha = state.opacity;
    put(layer(state.overlay));
    context.globalAlpha = 1;
  }
  // On somebody else's chest this one's contour would mean nothing.
  const own = overlaid || state.compare.with === 'reconstruction';
  if (!state.veiled && own && state.contour && state.overlay === 'anomaly') {
    outline(context, spot, layer('contour'), '#7ee0ff');
  }
  if (!overlaid) return;
  for (const { box } of state.probes) frame(context, spot, box, '#ffd166');
  if (drawn) frame(context, spot, drawn, '#ffffff');
}

function outline(context, spot, path, colour) {
  const scaled = new Path2D();
  scaled.addPath(path, new DOMMatrix([spot.width, 0, 0, spot.height, spot.left, spot.top]));
  context.lineWidth = 1.5 * devicePixelRatio;
  context.strokeStyle = colour;
  context.stroke(scaled);
}

function frame(context, spot, { left, top, right, bottom }, colour) {
  context.lineWidth = 1.5 * devicePixelRatio;
  context.strokeStyle = colour;
  context.setLineDash([5 * devicePixelRatio, 3 * devicePixelRatio]);
  context.strokeRect(
    spot.left + left * spot.width, spot.top + top * spot.height,
    (right - left) * spot.width, (bottom - top) * spot.height,
  );
  context.setLineDash([]);
}

/** A layer, made again only when its sources have changed. */
function layer(name, image) {
  const { reading, method, thresholds, start, saliencyOf, window, inverted } = state;
  const { hottest } = start.methods[method];
  const threshold = thresholds[method];
  const makers = {
    radiograph: [[image, window, inverted], () => layers.radiograph(image, window, inverted)],
    other: [[image, window, inverted], () => layers.radiograph(image, window, inverted)],
    fineMap: [[reading, method], () => layers.fine(reading.maps[method])],
    anomaly: [[reading, method, threshold],
      () => layers.heat(layer('fineMap'), threshold, hottest, start.ramp)],
    contour: [[reading, method, threshold], () => layers.contour(layer('fineMap'), threshold)],
    saliency: [[reading, saliencyOf],
      () => layers.saliency(layers.fine(reading.saliency[saliencyOf]))],
  };
  const [sources, maker] = makers[name];
  const before = kept.get(name);
  if (before && before.sources.every((source, i) => source === sources[i])) return before.made;
  const made = maker();
  kept.set(name, { sources, made });
  return made;
}

/** Match a canvas to its size on the screen and clear it. */
function sized(canvas) {
  const width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  const height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d');
  context.fillStyle = '#000';
  context.fillRect(0, 0, width, height);
  return context;
}

export function repaint() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(paint);
}

async function fetchOther() {
  const { with: wanted, mode } = state.compare;
  const { reading } = state;
  other = reading && mode !== 'single' && wanted === 'reconstruction' ? reading.reconstruction : null;
  repaint();
  if (!reading || mode === 'single' || wanted === 'reconstruction') return;
  const found = await grey(pictureOf(wanted), 8).catch(() => null);
  if (state.compare.with !== wanted) return; // something else was chosen meanwhile
  other = found;
  if (!found) say('call.lost', 'refused');
  repaint();
}

/** The whole radiograph at a width, with parts of the state as a report wants them. */
export function picture(width, look) {
  const image = state.reading.view;
  const canvas = new OffscreenCanvas(width, Math.round((width * image.height) / image.width));
  const shown = { ...state };
  Object.assign(state, look, { view: FITTED });
  pane(canvas, canvas.getContext('2d'), layer('radiograph', image), true);
  Object.assign(state, shown);
  return canvas;
}

function describe() {
  const { reading } = state;
  byId('primary').setAttribute('aria-label', reading
    ? t('viewer.label', { width: reading.image.width, height: reading.image.height })
    : t('viewer.empty'));
  byId('stage').classList.toggle('empty', !reading);
}

export function start() {
  on(['reading', 'view', 'window', 'inverted', 'overlay', 'overlayOn', 'saliencyOf', 'contour',
    'opacity', 'method', 'thresholds', 'probes', 'veiled'], repaint);
  on(['compare', 'edition', 'reading'], fetchOther);
  on(['reading', 'language'], describe);
  byId('curtain').addEventListener('input', (event) => {
    curtain = event.target.value / 100;
    repaint();
  });
  new ResizeObserver(repaint).observe(byId('stage'));
  set({ view: FITTED });
}
