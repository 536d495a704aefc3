// Read first: nothing of the models is to be seen until the reader has marked an impression. What
// was marked and what they said is kept in the tab and goes with it.
import { byId, fill, make } from '../shared/dom.js';
import { on, set, state } from '../shared/store.js';
import { number, percent, t } from '../shared/wording.js';
import { called } from './reading.js';

const IMPRESSIONS = ['normal', 'bacterial', 'viral', 'unsure'];
const CONFIDENCE = ['low', 'medium', 'high'];
const log = [];
let asked = null; // the reading that the marks belong to

function choice(name, offered, legend) {
  return make('fieldset', { class: 'row' }, make('legend', { text: legend }),
    ...offered.map((value) => make('label', { class: 'check' },
      make('input', { type: 'radio', name, value, required: true }),
      make('span', { text: t(`${name}.${value}`) }))));
}

function ask() {
  const box = byId('impression');
  box.hidden = !(state.veiled && state.reading) || state.gated;
  // Another language must not take the marks away; another radiograph must.
  const marked = asked === state.reading ? [...box.querySelectorAll('input:checked')] : [];
  asked = state.reading;
  fill(box, box.hidden ? null : make('form', { id: 'impression-form', onsubmit: reveal },
    make('p', { text: t('readfirst.ask') }),
    choice('impression', IMPRESSIONS, t('readfirst.impression')),
    choice('confidence', CONFIDENCE, t('readfirst.confidence')),
    make('button', { id: 'reveal', text: t('readfirst.reveal') })));
  for (const { name, value } of marked) {
    const same = box.querySelector(`[name=${name}][value=${value}]`);
    if (same) same.checked = true;
  }
}

function reveal(event) {
  event.preventDefault();
  const marked = new FormData(event.target);
  const { reading, atlas, start } = state;
  const known = atlas && reading.same_picture.length
    ? start.classes[atlas.labels[atlas.ids.indexOf(reading.same_picture[0])]] : null;
  log.push({
    impression: marked.get('impression'), confidence: marked.get('confidence'),
    called: called(reading.probabilities), pneumonia: reading.probabilities.binary.pneumonia, known,
  });
  set({ veiled: false, impression: log.at(-1) });
  table();
  byId('probabilities-sheet').focus();
}

function mark(row) {
  if (row.impression === 'unsure') return '–';
  return t(row.impression === row.called ? 'yes' : 'no');
}

function table() {
  byId('read-first-log').hidden = !log.length && !state.readFirst;
  const decided = log.filter(({ impression }) => impression !== 'unsure');
  const same = decided.filter(({ impression, called: model }) => impression === model).length;
  const columns = ['#', ...['impression', 'confidence', 'model', 'pneumonia', 'agree', 'label']
    .map((name) => t(`log.${name}`))];
  fill(byId('log'),
    make('p', { id: 'log-sum', text: log.length
      ? t('log.sum', { same, decided: decided.length, count: log.length }) : t('log.empty') }),
    log.length ? make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t('readfirst.log') },
      make('table', {},
        make('thead', {}, make('tr', {}, ...columns.map((text) => make('th', { scope: 'col', text })))),
        make('tbody', {}, ...log.map((row, i) => make('tr', {},
          ...[number(i + 1, 0), t(`impression.${row.impression}`), t(`confidence.${row.confidence}`),
            t(`class.${row.called}`), percent(row.pneumonia, 1), mark(row),
            row.known ? t(`class.${row.known}`) : t('log.unknown')]
            .map((text) => make('td', { text }))))))) : null,
    log.length ? make('button', { type: 'button', id: 'log-clear', text: t('log.clear'),
      onclick: clear }) : null);
}

function clear() {
  log.length = 0;
  table();
  byId('log-title').focus();
}

export function start() {
  const mode = byId('read-first');
  // Turned on, what is already shown has been seen: it stays, and the next radiograph is veiled.
  // Turned off, nothing stays veiled.
  mode.addEventListener('change', () => {
    const readFirst = mode.checked;
    set({ readFirst, veiled: state.gated || (readFirst && (state.veiled || !state.reading)) });
    table();
  });
  on(['veiled', 'gated', 'reading', 'language'], ask);
  on(['language'], table);
}
