// What `analyse` answered, with its maps as arrays and its pictures as pixels.

export const PARTS = ['embedding', 'maps', 'saliency', 'view', 'square', 'reconstruction'];

/** Decode an answer's maps and pictures. */
export async function decode(answer) {
  const maps = Object.fromEntries(
    Object.entries(answer.maps).map(([name, sent]) => [name, unpack(sent)]),
  );
  const saliency = Object.fromEntries(
    Object.entries(answer.saliency).map(([name, sent]) => [name, unpack(sent)]),
  );
  const [view, reconstruction, square] = await Promise.all([
    grey(answer.view.png, answer.view.bits), grey(answer.reconstruction, 8),
    fetch(answer.square).then((sent) => sent.blob()),
  ]);
  return { ...answer, maps, saliency, view, reconstruction, square };
}

/** {shape, float32} → {side, values}: square, row by row, the server's values bit for bit. */
export function unpack({ shape, float32 }) {
  const bytes = Uint8Array.from(atob(float32), (character) => character.charCodeAt(0));
  return { side: shape[0], values: new Float32Array(bytes.buffer) };
}

/** A picture's grey levels: {width, height, levels: Uint16Array in [0, 65535]}. */
export async function grey(url, bits) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const { naturalWidth: width, naturalHeight: height } = picture;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const levels = new Uint16Array(width * height);
  for (let i = 0; i < levels.length; i += 1) {
    // Deep radiographs have their high byte in red and their low byte in green.
    levels[i] = bits === 16 ? data[4 * i] * 256 + data[4 * i + 1] : data[4 * i] * 257;
  }
  return { width, height, levels };
}

/** The class that the classifier calls: the likeliest of three. */
export const called = ({ three_class: three }) =>
  Object.keys(three).reduce((best, name) => (three[name] > three[best] ? name : best));

/** Share of a map that exceeds a threshold. */
export function shareAbove({ values }, threshold) {
  let above = 0;
  for (const value of values) if (value > threshold) above += 1;
  return above / values.length;
}
