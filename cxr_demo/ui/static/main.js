// Puts the page together: what the server says once, then the modules, then the language.
import * as about from './about/about.js';
import * as batch from './batch/batch.js';
import * as anomaly from './read/anomaly.js';
import * as atlas from './read/atlas.js';
import * as gate from './read/gate.js';
import * as gestures from './read/gestures.js';
import * as intake from './read/intake.js';
import * as neighbours from './read/neighbours.js';
import * as pictures from './read/pictures.js';
import * as probabilities from './read/probabilities.js';
import * as probe from './read/probe.js';
import * as readFirst from './read/read-first.js';
import * as report from './read/report.js';
import * as toolbar from './read/toolbar.js';
import * as viewer from './read/viewer.js';
import { byId, make } from './shared/dom.js';
import { set, state } from './shared/store.js';
import * as tabs from './shared/tabs.js';
import { preferred, speak, t } from './shared/wording.js';

const LANGUAGES = { en: 'English', de: 'Deutsch', es: 'Español' };

function settings() {
  const language = byId('language');
  language.append(...state.start.languages.map((name) =>
    make('option', { value: name, text: LANGUAGES[name] })));
  language.addEventListener('change', () => speak(language.value).catch(() => {
    language.value = state.language;
    intake.say('call.lost', 'refused');
  }));
  byId('theme').addEventListener('click', () => {
    const light = document.documentElement.dataset.theme === 'light';
    document.documentElement.dataset.theme = light ? 'dark' : 'light';
    byId('theme').dataset.t = light ? 'theme.light' : 'theme.dark';
    byId('theme').textContent = t(byId('theme').dataset.t);
    set({ theme: light ? 'dark' : 'light' });
  });
}

// The page can be read while the server still loads what it will say.
const language = preferred(Object.keys(LANGUAGES));
await speak(language);
intake.say('status.loading', 'busy');
const answer = await fetch('start.json').catch(() => ({}));
if (!answer.ok) intake.say('call.lost', 'refused');
const briefing = await answer.json();
const { methods, neighbours: k, classes } = briefing;
set({
  start: briefing,
  thresholds: Object.fromEntries(Object.entries(methods).map(([name, { presets }]) =>
    [name, Object.values(presets)[0]])),
  search: { k, classes, exclude: true },
});
settings();
for (const module of [
  tabs, viewer, toolbar, gestures, intake, gate, probabilities, anomaly, neighbours, pictures, atlas, probe, readFirst,
  report, batch, about,
]) module.start();
byId('language').value = language;
await speak(language);
intake.say('status.waiting', 'waiting');
document.body.dataset.ready = '';
