// Read, Batch, About: one panel at a time; arrow keys move between the tabs.
import { byId } from './dom.js';

const NAMES = ['read', 'batch', 'about'];
const opened = new Map(); // what to do when a tab is first opened

/** Call `once` when a tab is opened for the first time. */
export const onFirst = (name, once) => opened.set(name, once);

/** Show one panel. */
export function open(name) {
  for (const other of NAMES) {
    const chosen = other === name;
    const tab = byId(`tab-${other}`);
    tab.setAttribute('aria-selected', chosen);
    tab.tabIndex = chosen ? 0 : -1;
    byId(`panel-${other}`).hidden = !chosen;
  }
  opened.get(name)?.();
  opened.delete(name);
}

export function start() {
  NAMES.forEach((name, index) => {
    const tab = byId(`tab-${name}`);
    tab.addEventListener('click', () => open(name));
    tab.addEventListener('keydown', (event) => {
      const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!way) return;
      const next = NAMES[(index + way + NAMES.length) % NAMES.length];
      open(next);
      byId(`tab-${next}`).focus();
    });
  });
}
