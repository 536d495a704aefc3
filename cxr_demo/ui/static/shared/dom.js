// Small helpers to make and find elements. Text always goes in as text, never as HTML.

/** The element with an id. */
export const byId = (id) => document.getElementById(id);

/**
 * Make an element.
 * @param {string} tag  its name; SVG names are known by `svg:` in front
 * @param {Object} attributes  attributes; `on…` are listeners, `class`, `text`, `data` are as they say
 * @param {...(Node|string|null)} children  put in, in order
 */
export function make(tag, attributes = {}, ...children) {
  const svg = tag.startsWith('svg:');
  const element = svg
    ? document.createElementNS('http://www.w3.org/2000/svg', tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith('aria-')) element.setAttribute(name, value); // "false" is a value there
    else if (value === false) continue;
    else if (name === 'text') element.textContent = value;
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Replace what an element holds. */
export const fill = (element, ...children) =>
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));

/** A file to save, from text or a Blob. */
export function save(content, name, type) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  make('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
