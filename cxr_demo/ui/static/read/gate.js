// What stands between a file and its reading: which frame of several, a radiograph that looks unusual,
// text that may be part of the picture. An unusual one's results stay hidden until they are asked for.
import { byId, fill, make } from '../shared/dom.js';
import { on, set, state } from '../shared/store.js';
import { t } from '../shared/wording.js';
import { read } from './intake.js';

/** Which frame: the file is sent again, with the number chosen. */
function frames({ source, count }) {
  const chosen = make('input', {
    type: 'number', id: 'frame', min: 1, max: count, value: 1, required: true, autocomplete: 'off',
  });
  return make('form', { class: 'row', onsubmit: (event) => {
    event.preventDefault();
    read(source, chosen.valueAsNumber);
  } }, make('label', {}, t('gate.frame', { count }), ' ', chosen),
  make('button', { id: 'read-frame', text: t('gate.read_frame') }));
}

function unusual({ key }) {
  return make('div', { class: 'row', id: 'unusual' },
    make('p', {}, make('b', { text: t('gate.unusual') }), ` ${t(`gate.${key}`)}`),
    state.gated ? make('button', { type: 'button', id: 'override', text: t('gate.override'), onclick: override }) : null);
}

function override() {
  set({ gated: false, veiled: state.readFirst });
  byId(state.veiled ? 'impression' : 'probabilities-sheet').focus();
}

function render() {
  const { asking, reading } = state;
  const box = byId('gate');
  const said = [
    asking && frames(asking),
    reading?.gate.grade === 'unusual' && unusual(reading.gate),
    reading?.image.burned_in && make('p', { id: 'burned-in', text: t('burned_in') }),
  ].filter(Boolean);
  box.hidden = !said.length;
  fill(box, ...said);
}

export function start() {
  on(['asking', 'reading', 'gated', 'language'], render);
}
