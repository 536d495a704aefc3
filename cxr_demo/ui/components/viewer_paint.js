// What the viewer's canvases show: everything follows from the viewer's state.
import * as layers from './viewer_layers.js';

const ENDS = { saliency: 0.5, difference: 3 }; // of colours: logits per region, standard deviations

/** The radiograph, and beside it or behind the curtain what it is compared with. */
export function paint(viewer, primary, secondary) {
  fit(primary);
  if (!viewer.image) return;
  pane(viewer, primary);
  if (viewer.mode === 'single') return;
  fit(secondary);
  pane(viewer, secondary, viewer.other);
}

/** The radiograph with all that lies over it, or another picture in register with it. */
export function pane(viewer, canvas, other = null) {
  const { state, image, reading } = viewer;
  const context = canvas.getContext('2d', { alpha: false });
  const spot = layers.place(state.view, image, canvas);
  const put = (source, matrix) => {
    context.setTransform(layers.through(spot, matrix));
    context.drawImage(source, 0, 0, 1, 1);
    context.resetTransform();
  };
  context.imageSmoothingQuality = 'high';
  const film = [other ? other.picture : image, state.window, state.inverted];
  put(layer(viewer, 'grey', film, other ? 'other' : 'radiograph'), other?.matrix);
  const overlay = overlayOf(viewer);
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
    const size = [(right - left) * spot.a, (bottom - top) * spot.d];
    context.strokeStyle = box === state.drawn ? '#ffffff' : '#ffd166';
    context.strokeRect(spot.e + left * spot.a, spot.f + top * spot.d, ...size);
  }
  context.setLineDash([]);
}

/** What is to lie over the radiograph: its absolute scale, and how it is painted once there. */
export function overlayOf(viewer) {
  const { props: { methods, ramp }, reading, state } = viewer;
  const { method, threshold } = state;
  const [kind, name] = state.overlay.split(' ');
  if (kind === 'none' || state.veil) return null;
  const { maps, saliency, difference } = reading ?? {};
  const map = { anomaly: maps?.[method], saliency: saliency?.[name], difference }[kind];
  const made = (maker, ...sources) => map
    && (() => layer(viewer, maker, [layer(viewer, 'fine', [map]), ...sources]));
  if (kind === 'anomaly') {
    const { range: ends } = methods[method];
    return { matrix: map?.matrix, ends, unit: `unit.${method}`, threshold,
      colours: ramp.map((rgb) => `rgb(${rgb})`),
      picture: made('heat', threshold, ends[1], ramp), contour: made('contour', threshold) };
  }
  return { matrix: map?.matrix, ends: [-ENDS[kind], ENDS[kind]], unit: `unit.${kind}`,
    colours: ['#56b4e9', 'transparent', '#e69f00'], picture: made('signed', ENDS[kind]) };
}

/** What a function of viewer_layers.js makes, anew only where what it is made of has changed. */
function layer({ kept }, maker, sources, name = maker) {
  const before = kept[name];
  if (before?.sources.every((source, i) => source === sources[i])) return before.made;
  return (kept[name] = { sources, made: layers[maker](...sources) }).made;
}

/** Make a canvas as large as it is on the screen, and so empty it. */
function fit(canvas) {
  canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
  canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
}
