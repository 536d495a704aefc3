// Every sentence of the page, in the language chosen. One JSON file a language, see cxr_demo/wording.py.
import { set } from './store.js';

let sentences = {};
let fallback = {};
let asked = null;
export let language = 'en';

/** A sentence with its values filled in; whole numbers get the language's separators. */
export function t(key, values = {}) {
  return (sentences[key] ?? fallback[key] ?? key).replaceAll(/\{(\w+)\}/g, (place, name) => {
    const value = values[name] ?? place;
    return Number.isInteger(value) ? value.toLocaleString(language) : String(value);
  });
}

/** A number with so many decimals, as the language writes it. */
export const number = (value, decimals) =>
  value.toLocaleString(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/** A share as a percentage. */
export const percent = (share, decimals = 0) =>
  share.toLocaleString(language, {
    style: 'percent', minimumFractionDigits: decimals, maximumFractionDigits: decimals,
  });

/** Load a language, put it into everything that is marked, and tell the modules. */
export async function speak(wanted) {
  const load = async (name) => (await fetch(`wording/${name}.json`)).json();
  if (!fallback.title) fallback = await load('en');
  asked = wanted;
  const loaded = wanted === 'en' ? fallback : await load(wanted);
  if (asked !== wanted) return; // another was chosen meanwhile
  sentences = loaded;
  language = wanted;
  document.documentElement.lang = wanted;
  document.title = t('title');
  translate(document);
  set({ language: wanted });
}

/** Fill elements marked data-t (their text), data-t-label (aria-label), data-t-title (title) or
 *  data-t-placeholder. */
export function translate(root) {
  for (const element of root.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const [mark, attribute] of [
    ['tLabel', 'aria-label'], ['tTitle', 'title'], ['tPlaceholder', 'placeholder'],
  ]) {
    const selector = `[data-${mark.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}]`;
    for (const element of root.querySelectorAll(selector)) {
      element.setAttribute(attribute, t(element.dataset[mark]));
    }
  }
}

/** The language to begin with, of those offered: the one in this tab's address, or the browser's. */
export function preferred(offered) {
  const asked = new URLSearchParams(location.search).get('lang');
  return [asked, ...navigator.languages.map((name) => name.slice(0, 2))]
    .find((name) => offered.includes(name)) ?? 'en';
}
