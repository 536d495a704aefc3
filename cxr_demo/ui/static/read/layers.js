// What is painted over each other in a pane: grey levels through a window, maps through a colour
// scale, contours. Every function returns something to draw and touches nothing on the page.

export const SALIENCY_END = 0.5; // logits per region at which the saliency's colours end
const FINE = 256; // side of a painted map

/** Grey levels through a window: {level, width} as shares of the full range. */
export function radiograph({ width, height, levels }, window, inverted) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const table = new Uint32Array(4096); // by the 12 highest bits
  for (let i = 0; i < table.length; i += 1) {
    const share = (i / 4095 - window.level) / window.width + 0.5;
    const shown = Math.round(255 * Math.min(Math.max(inverted ? 1 - share : share, 0), 1));
    table[i] = 0xff000000 | (shown << 16) | (shown << 8) | shown;
  }
  for (let i = 0; i < levels.length; i += 1) pixels[i] = table[levels[i] >> 4];
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A square map made fine by bilinear interpolation: Float32Array of FINE × FINE. */
export function fine({ side, values }) {
  const result = new Float32Array(FINE * FINE);
  const at = Array.from({ length: FINE }, (_, i) => {
    const exact = Math.min(Math.max(((i + 0.5) * side) / FINE - 0.5, 0), side - 1);
    const low = Math.min(Math.floor(exact), side - 2);
    return [low, exact - low];
  });
  for (let row = 0; row < FINE; row += 1) {
    const [top, down] = at[row];
    for (let column = 0; column < FINE; column += 1) {
      const [left, across] = at[column];
      const corner = top * side + left;
      const upper = values[corner] * (1 - across) + values[corner + 1] * across;
      const lower = values[corner + side] * (1 - across) + values[corner + side + 1] * across;
      result[row * FINE + column] = upper * (1 - down) + lower * down;
    }
  }
  return result;
}

/** A fine map in absolute colours where it exceeds the threshold, nothing elsewhere. */
export function heat(map, threshold, hottest, ramp) {
  return painted((pixels) => {
    const colours = ramp.map(([r, g, b]) => (0xff000000 | (b << 16) | (g << 8) | r) >>> 0);
    for (let i = 0; i < map.length; i += 1) {
      if (map[i] > threshold) {
        pixels[i] = colours[Math.min(255, Math.round((map[i] / hottest) * 255))];
      }
    }
  });
}

/** A fine map that speaks for a class (orange) or against it (blue), the stronger the denser. */
export function saliency(map) {
  return painted((pixels) => {
    for (let i = 0; i < map.length; i += 1) {
      const strength = Math.round(255 * Math.min(1, Math.abs(map[i]) / SALIENCY_END));
      pixels[i] = ((strength << 24) | (map[i] > 0 ? 0x009fe6 : 0xe9b456)) >>> 0;
    }
  });
}

/** Where a fine map crosses the threshold: a path in shares of the image (marching squares). */
export function contour(map, threshold) {
  const path = new Path2D();
  const step = 2;
  const last = FINE - step;
  const value = (x, y) => map[y * FINE + x] - threshold;
  for (let y = 0; y < last; y += step) {
    for (let x = 0; x < last; x += step) {
      const corners = [[x, y], [x + step, y], [x + step, y + step], [x, y + step]];
      const values = corners.map(([cx, cy]) => value(cx, cy));
      const crossings = [];
      for (let i = 0; i < 4; i += 1) {
        const j = (i + 1) % 4;
        if (values[i] > 0 !== values[j] > 0) {
          const along = values[i] / (values[i] - values[j]);
          crossings.push([0, 1].map((axis) =>
            (corners[i][axis] + along * (corners[j][axis] - corners[i][axis]) + 0.5) / FINE));
        }
      }
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        path.moveTo(...crossings[i]);
        path.lineTo(...crossings[i + 1]);
      }
    }
  }
  return path;
}

function painted(paint) {
  const canvas = new OffscreenCanvas(FINE, FINE);
  const context = canvas.getContext('2d');
  const image = context.createImageData(FINE, FINE);
  paint(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
  return canvas;
}
