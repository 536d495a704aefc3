// What the viewer's canvases show: everything follows from the viewer's state.
import * as layers from './viewer_layers.js';

const ENDS = { saliency: 0.5, difference: 3 }; // where colours end: logits per region, standard deviations
const THUMB = 28; // width of the curtain's handle, see viewer.css

/** One image, two side by side, or a second one right of the curtain. */
export function paint(viewer, primary, secondary) {
  const { image, other, mode, state } = viewer;
  const context = sized(primary);
  if (!image) return;
  pane(viewer, primary, context);
  if (mode === 'side') pane(viewer, secondary, sized(secondary), other);
  if (mode !== 'curtain') return;
  const edge = (0.5 - state.curtain) * THUMB * devicePixelRatio + state.curtain * primary.width;
  context.save();
  context.beginPath();
  context.rect(edge, 0, primary.width - edge, primary.height);
  context.clip();
  context.fillRect(edge, 0, primary.width - edge, primary.height);
  pane(viewer, primary, context, other);
  context.restore();
}

/** The radiograph with all that lies over it, or another picture in register with it. */
export function pane(viewer, canvas, context, other = null) {
  const { state, image, reading } = viewer;
  const spot = layers.place(state.view, image, canvas);
  const put = (source, matrix) => {
    context.setTransform(layers.through(spot, matrix));
    context.drawImage(source, 0, 0, 1, 1);
    context.resetTransform();
  };
  context.imageSmoothingQuality = 'high';
  put(layer(viewer, other ? 'other' : 'radiograph',
    [other ? other.picture : image, state.window, state.inverted], layers.grey), other?.matrix);
  const overlay = state.veil ? null : overlayOf(viewer);
  if (overlay?.picture && !other && state.overlayOn) {
    context.globalAlpha = state.opacity;
    put(overlay.picture(), overlay.matrix);
    context.globalAlpha = 1;
  }
  context.lineWidth = 1.5 * devicePixelRatio;
  // On somebody else's chest this one's contour would mean nothing.
  if (overlay?.contour && state.contour && (!other || other === reading.reconstruction)) {
    const path = new Path2D();
    path.addPath(overlay.contour(), layers.through(spot, overlay.matrix));
    context.strokeStyle = '#7ee0ff';
    context.stroke(path);
  }
  if (other) return;
  context.setLineDash([5 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const box of [...state.probes.map((probe) => probe.box), state.drawn].filter(Boolean)) {
    const [left, top, right, bottom] = box;
    context.strokeStyle = box === state.drawn ? '#ffffff' : '#ffd166';
    context.strokeRect(spot.e + left * spot.a, spot.f + top * spot.d, (right - left) * spot.a, (bottom - top) * spot.d);
  }
  context.setLineDash([]);
}

/** What is chosen to lie over the radiograph: its absolute scale, and how it is painted once there. */
export function overlayOf(viewer) {
  const { props: { methods, ramp }, reading, state: { overlay, method, threshold } } = viewer;
  const [kind, name] = overlay.split(' ');
  if (kind === 'none') return null;
  const map = { anomaly: reading?.maps[method], saliency: reading?.saliency[name], difference: reading?.difference }[kind];
  const made = (maker, ...sources) => map && (() =>
    layer(viewer, maker, [layer(viewer, 'fine', [map], layers.fine), ...sources], layers[maker]));
  if (kind === 'anomaly') {
    const { range } = methods[method];
    return { matrix: map?.matrix, ends: range, unit: `unit.${method}`, threshold, colours: ramp.map((rgb) => `rgb(${rgb})`),
      picture: made('heat', threshold, range[1], ramp), contour: made('contour', threshold) };
  }
  return { matrix: map?.matrix, ends: [-ENDS[kind], ENDS[kind]], unit: `unit.${kind}`,
    colours: ['#56b4e9', 'transparent', '#e69f00'], picture: made('signed', ENDS[kind]) };
}

/** A layer, made again only when what it is made of has changed. */
function layer({ kept }, name, sources, maker) {
  const before = kept[name];
  if (before?.sources.every((source, i) => source === sources[i])) return before.made;
  return (kept[name] = { sources, made: maker(...sources) }).made;
}

/** A canvas as large as it is on the screen, and empty: being given its size empties it. */
function sized(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * devicePixelRatio));
  return Object.assign(canvas, { width, height }).getContext('2d', { alpha: false });
}
