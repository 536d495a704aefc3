// The About tab, a model card: every figure on it is read from what was measured, see briefing.py.
import { byId, fill, make } from '../shared/dom.js';
import { on } from '../shared/store.js';
import * as tabs from '../shared/tabs.js';
import { t } from '../shared/wording.js';
import { confusions } from './confusion.js';
import { figures } from './figures.js';
import * as selfTest from './self-test.js';
import { data, purpose, shortfalls } from './text.js';
import { training } from './training.js';

const SECTIONS = {
  purpose, shortfalls, self_test: selfTest.contents, figures, confusions, training, data,
};

let measured = null; // about.json

function section([name, contents]) {
  const id = `about-${name.replace('_', '-')}`;
  return make('section', { class: 'sheet', 'aria-labelledby': id },
    make('h2', { id, text: t(`about.${name}`) }), ...contents(measured));
}

/** All of it anew, as a language changes; what was folded out stays so. */
function render() {
  if (!measured) return;
  const panel = byId('panel-about');
  const open = [...panel.querySelectorAll('details')].map((details) => details.open);
  fill(panel, ...Object.entries(SECTIONS).map(section));
  selfTest.show();
  panel.querySelectorAll('details').forEach((details, i) => { details.open = open[i] ?? false; });
}

async function load() {
  try {
    measured = await (await fetch('about.json')).json();
  } catch {
    fill(byId('panel-about'), make('p', { role: 'alert', text: t('about.lost') }));
    return;
  }
  render();
}

export function start() {
  tabs.onFirst('about', load);
  on(['language'], render);
  selfTest.start();
}
