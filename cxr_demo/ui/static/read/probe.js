// Hide a part of the radiograph from the networks and see how their answer moves. Boxes add up; each
// run shows what the last one changed, and undo takes it away again.
import { CallFailed, analyse } from '../shared/api.js';
import { byId, fill, make } from '../shared/dom.js';
import { on, set, state } from '../shared/store.js';
import { number, percent, t } from '../shared/wording.js';
import { say, spoken } from './intake.js';

const FILLS = ['blur', 'surroundings'];
let running = null;

const flat = ({ probabilities }) => ({
  pneumonia: probabilities.binary.pneumonia,
  bacterial: probabilities.three_class.bacterial,
  viral: probabilities.three_class.viral,
});

/** Hide one more box. The networks run once, on the very square they saw. */
export async function runProbe(box) {
  const { reading, probes, fill: filling } = state;
  if (!reading || running === reading || state.veiled) return;
  running = reading; // one at a time; one of a radiograph that has gone keeps nobody waiting
  byId('probe-sheet').open = true;
  if (!state.busy) say('probe.running', 'busy');
  // Whatever has been said since, such as a refusal, stays.
  const before = spoken();
  const sayIfQuiet = (...words) => before === spoken() && !state.busy && say(...words);
  try {
    const hidden = [...probes.map((probe) => probe.box), box].map(
      ({ left, top, right, bottom }) => [left, top, right, bottom],
    );
    const answer = await analyse(reading.square, [], { hidden, fill: filling });
    if (reading !== state.reading) return;
    if (probes !== state.probes || filling !== state.fill) sayIfQuiet('probe.dropped', 'done');
    else if (answer.status !== 'ok') sayIfQuiet(answer.refusal.key, 'refused', answer.refusal.values);
    else {
      set({ probes: [...probes, { box, fill: filling, found: flat(answer) }] });
      sayIfQuiet('probe.done', 'done', { count: probes.length + 1 });
    }
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (reading === state.reading) sayIfQuiet(error.key, 'refused', error.values);
  } finally {
    if (running === reading) running = null;
  }
}

function moved(now, before) {
  const points = Math.round(1000 * (now - before)) / 10;
  const word = points > 0 ? 'up' : points < 0 ? 'down' : '';
  const sign = points > 0 ? '+' : points < 0 ? '−' : '±';
  return make('td', {}, `${percent(now, 1)} `, make('span', { class: word, text: `(${sign}${number(Math.abs(points), 1)})` }));
}

function render() {
  const { probes, reading, veiled } = state;
  byId('probe-undo').disabled = byId('probe-clear').disabled = !probes.length;
  byId('probe-sheet').hidden = veiled;
  if (!probes.length || !reading) {
    fill(byId('probes'), make('p', { class: 'nothing', text: t('probe.empty') }));
    return;
  }
  const untouched = flat(reading);
  const names = Object.keys(untouched);
  const where = ({ left, top, right, bottom }) =>
    `${percent(left)}–${percent(right)} × ${percent(top)}–${percent(bottom)}`;
  fill(byId('probes'), make('table', {},
    make('caption', { class: 'note', text: t('probe.caption') }),
    make('thead', {}, make('tr', {}, ...['#', t('probe.box'), ...names.map((name) => t(`class.${name}`))]
      .map((text) => make('th', { scope: 'col', text })))),
    make('tbody', {},
      make('tr', {}, make('td', { text: '0' }), make('td', { text: t('probe.untouched') }),
        ...names.map((name) => make('td', { text: percent(untouched[name], 1) }))),
      ...probes.map((probe, i) => make('tr', {},
        make('td', { text: i + 1 }),
        make('td', { text: `${where(probe.box)}, ${t(`fill.${probe.fill}`)}` }),
        ...names.map((name) => moved(probe.found[name], untouched[name])))))));
}

export function start() {
  on(['language'], () => fill(byId('fill'), ...FILLS.map((name) =>
    make('option', { value: name, text: t(`fill.${name}`), selected: name === state.fill }))));
  // Boxes of one run are filled alike, so another filling begins anew.
  byId('fill').addEventListener('change', (event) => set({ fill: event.target.value, probes: [] }));
  byId('probe-undo').addEventListener('click', () => set({ probes: state.probes.slice(0, -1) }));
  byId('probe-clear').addEventListener('click', () => set({ probes: [] }));
  on(['probes', 'reading', 'veiled', 'language'], render);
}
