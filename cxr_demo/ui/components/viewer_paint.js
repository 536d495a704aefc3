// What the viewer's canvases show: everything follows from the viewer's state.
import * as layers from './viewer_layers.js';

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

/** What is to lie over the radiograph, if it is there, and the name and the end of its scale. */
export function overlayOf(viewer) {
  const { props: { methods, ramp, ends }, reading, state: { overlay, method, threshold, veil } } = viewer;
  if (overlay === 'none' || veil) return null;
  const anomaly = overlay === 'anomaly';
  const [name] = anomaly ? [method] : overlay.split(' ');
  const end = anomaly ? methods[method].range[1] : ends[name];
  const map = reading?.maps[anomaly ? method : overlay];
  const made = (maker, ...sources) => map
    && (() => layer(viewer, maker, [layer(viewer, 'fine', [map]), ...sources]));
  const shown = { name, end, matrix: map?.matrix };
  return anomaly ? { ...shown, threshold, picture: made('heat', threshold, end, ramp), contour: made('contour', threshold) }
    : { ...shown, picture: made('signed', end) };
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
