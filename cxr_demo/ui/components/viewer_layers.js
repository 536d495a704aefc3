// Pictures and maps as pixels, and where they lie. Every function returns something and touches
// nothing on the page. A view is {zoom, x, y}: zoom 1 fits the radiograph into the pane, (x, y) is the
// point of it, as shares of its sides, in the pane's middle; so panes of any size stay in step.
export const FITTED = { zoom: 1, x: 0.5, y: 0.5 };
const SIDE = 256; // of a painted map
const CELL = 2; // of a contour's grid
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** A map whose values are {shape, float32} with rows, columns and the server's values. */
export function unpack(map) {
  const { shape: [rows, columns], float32 } = map.values;
  const bytes = Uint8Array.from(atob(float32), (character) => character.charCodeAt(0));
  return { ...map, rows, columns, values: new Float32Array(bytes.buffer) };
}

/** A picture's grey levels: {width, height, levels: Uint16Array}. Of 16 bits red has the high byte
 *  and green the low one; 8 bits, alike in all colours, become the same share of 16. */
export async function decode(url) {
  const picture = Object.assign(new Image(), { src: url });
  await picture.decode();
  const { naturalWidth: width, naturalHeight: height } = picture;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const level = (_, i) => data[4 * i] * 256 + data[4 * i + 1];
  const levels = Uint16Array.from({ length: width * height }, level);
  return { width, height, levels };
}

/** Grey levels through a window {level, width}, both as shares of the full range. */
export function grey({ width, height, levels }, window, inverted) {
  const table = Uint32Array.from({ length: 65536 }, (_, i) => {
    const share = clamp((i / 65535 - window.level) / window.width + 0.5, 0, 1);
    return 0xff000000 | (Math.round(255 * (inverted ? 1 - share : share)) * 0x010101);
  });
  return painted(width, height, (i) => table[levels[i]]);
}

/** A map made fine by bilinear interpolation: Float32Array of SIDE × SIDE. */
export function fine({ rows, columns, values }) {
  const places = (count) => Array.from({ length: SIDE }, (_, i) => {
    const exact = clamp(((i + 0.5) * count) / SIDE - 0.5, 0, count - 1);
    const low = Math.min(Math.floor(exact), count - 2);
    return [low, exact - low];
  });
  const [down, across] = [places(rows), places(columns)];
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [[top, y], [left, x]] = [down[Math.floor(i / SIDE)], across[i % SIDE]];
    const at = top * columns + left;
    const upper = values[at] * (1 - x) + values[at + 1] * x;
    return upper * (1 - y) + (values[at + columns] * (1 - x) + values[at + columns + 1] * x) * y;
  });
}

/** A fine map in absolute colours where it exceeds the threshold, nothing elsewhere. */
export function heat(map, threshold, high, ramp) {
  const colours = ramp.map(([r, g, b]) => 0xff000000 | (b << 16) | (g << 8) | r);
  const colour = (value) => colours[Math.min(255, Math.round((value / high) * 255))];
  return painted(SIDE, SIDE, (i) => (map[i] > threshold ? colour(map[i]) : 0));
}

/** A fine signed map: orange above 0, blue below, the stronger the denser, up to `end`. */
export const signed = (map, end) => painted(SIDE, SIDE, (i) =>
  (Math.round(255 * Math.min(1, Math.abs(map[i]) / end)) << 24) | (map[i] > 0 ? 0x009fe6 : 0xe9b456));

function painted(width, height, colour) {
  const context = new OffscreenCanvas(width, height).getContext('2d');
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = colour(i);
  context.putImageData(image, 0, 0);
  return context.canvas;
}

/** Where a fine map crosses the threshold, as a path in its unit square (marching triangles). */
export function contour(map, threshold) {
  const path = new Path2D();
  const above = (at) => map[at] > threshold;
  const point = (at) => [(at % SIDE) + 0.5, Math.floor(at / SIDE) + 0.5];
  const crossing = (a, b) => [0, 1].map((axis) => {
    const along = (threshold - map[a]) / (map[b] - map[a]);
    return (point(a)[axis] * (1 - along) + point(b)[axis] * along) / SIDE;
  });
  for (let y = 0; y < SIDE - CELL; y += CELL) {
    for (let x = 0; x < SIDE - CELL; x += CELL) {
      const corners = [0, CELL, CELL * SIDE, CELL * (SIDE + 1)].map((step) => y * SIDE + x + step);
      if (corners.every(above) || !corners.some(above)) continue; // nearly all
      for (const triangle of [corners.slice(0, 3), corners.slice(1)]) {
        const outside = triangle.filter((at) => !above(at)); // none of its edges is crossed, or two
        triangle.filter(above).flatMap((a) => outside.map((b) => crossing(a, b)))
          .forEach((place, i) => path[i ? 'lineTo' : 'moveTo'](...place));
      }
    }
  }
  return path;
}

/** The radiograph's unit square in a pane's pixels, as a DOMMatrix. */
export function place(view, image, pane) {
  const scale = Math.min(pane.width / image.width, pane.height / image.height) * view.zoom;
  const [width, height] = [image.width * scale, image.height * scale];
  return new DOMMatrix([width, 0, 0, height, pane.width / 2 - view.x * width, pane.height / 2 - view.y * height]);
}

/** The same of a picture whose row-major 2 × 3 matrix leads to the radiograph's unit square. */
export const through = (spot, [a, b, c, d, e, f] = [1, 0, 0, 0, 1, 0]) => spot.multiply(new DOMMatrix([a, d, b, e, c, f]));

/** A point of the pane as shares of the radiograph. */
export const toImage = (view, image, pane, point) => place(view, image, pane).inverse().transformPoint(point);

/** The view zoomed by a factor; what lies under `at` stays there. */
export function zoomed(view, factor, image, pane, at = { x: pane.width / 2, y: pane.height / 2 }) {
  const zoom = clamp(view.zoom * factor, 0.5, 32);
  const [before, after] = [view, { ...view, zoom }].map((one) => toImage(one, image, pane, at));
  return { zoom, x: view.x + before.x - after.x, y: view.y + before.y - after.y };
}

/** The view moved by so many pixels; the pane's middle stays within the radiograph. */
export function panned(view, dx, dy, image, pane) {
  const { a: width, d: height } = place(view, image, pane);
  return { ...view, x: clamp(view.x - dx / width, 0, 1), y: clamp(view.y - dy / height, 0, 1) };
}

/** The box [left, top, right, bottom] between two points, cut to the radiograph. */
export const boxBetween = (a, b) => [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.max(a.x, b.x), Math.max(a.y, b.y)]
  .map((share) => clamp(share, 0, 1));
