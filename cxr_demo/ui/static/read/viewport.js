// Where an image lies in a pane. Pure arithmetic.
//
// A view is {zoom, x, y}: zoom 1 fits the image into the pane, and (x, y) is the point of the image,
// as shares of its width and height, that lies in the pane's middle. It does not depend on the size
// of pane or image, so panes stay in step by sharing it.

export const FITTED = { zoom: 1, x: 0.5, y: 0.5 };
const LEAST = 0.5;
const MOST = 32;

/** The rectangle {left, top, width, height} that an image takes in a pane. */
export function place(view, image, pane) {
  const scale = Math.min(pane.width / image.width, pane.height / image.height) * view.zoom;
  const width = image.width * scale;
  const height = image.height * scale;
  return {
    left: pane.width / 2 - view.x * width,
    top: pane.height / 2 - view.y * height,
    width,
    height,
  };
}

/** The view zoomed by a factor; the image's point under (x, y) of the pane stays there. */
export function zoomed(view, factor, image, pane, at = { x: pane.width / 2, y: pane.height / 2 }) {
  const zoom = Math.min(Math.max(view.zoom * factor, LEAST), MOST);
  const before = toImage(view, image, pane, at);
  const after = toImage({ ...view, zoom }, image, pane, at);
  return { zoom, x: view.x + before.x - after.x, y: view.y + before.y - after.y };
}

/** The view moved by so many pixels; the image's middle stays within the image's own size. */
export function panned(view, dx, dy, image, pane) {
  const { width, height } = place(view, image, pane);
  const within = (share) => Math.min(Math.max(share, 0), 1);
  return { ...view, x: within(view.x - dx / width), y: within(view.y - dy / height) };
}

/** A point of the pane as shares of the image. */
export function toImage(view, image, pane, { x, y }) {
  const { left, top, width, height } = place(view, image, pane);
  return { x: (x - left) / width, y: (y - top) / height };
}

/** The box {left, top, right, bottom} between two points of an image, cut to the image. */
export function boxBetween(a, b) {
  const within = (share) => Math.min(Math.max(share, 0), 1);
  return {
    left: within(Math.min(a.x, b.x)), top: within(Math.min(a.y, b.y)),
    right: within(Math.max(a.x, b.x)), bottom: within(Math.max(a.y, b.y)),
  };
}
