// What the classifier says: both heads, what cannot be ruled out, what an operating point means.
import { byId, fill, make } from '../shared/dom.js';
import { on, set, state } from '../shared/store.js';
import { number, percent, t } from '../shared/wording.js';

const HEADS = ['binary', 'three_class'];

function bar(name, probability, mark) {
  const filled = make('span');
  filled.style.width = `${100 * probability}%`;
  const tick = mark === undefined ? null : make('i');
  if (tick) tick.style.left = `${100 * mark}%`;
  return make('div', { class: 'bar', data: { class: name } },
    make('span', { text: t(`class.${name}`) }),
    make('span', { class: 'track' }, filled, tick),
    make('b', { text: percent(probability, 1) }));
}

/** "Normal", "Normal or viral": the classes that cannot be ruled out, in words. */
function plausible({ plausible: classes }) {
  const names = classes.map((name) => t(`class.${name}`));
  const joined = names.length === 1 ? names[0]
    : `${names.slice(0, -1).join(', ')} ${t('or')} ${names.at(-1)}`;
  const key = { 1: 'sure', [state.start.classes.length]: 'sure.none' }[names.length] ?? 'sure.not';
  return make('p', { class: names.length > 1 ? 'doubt' : '', text: t(key, { classes: joined }) });
}

function render() {
  const { reading, veiled, busy } = state;
  byId('operating').hidden = veiled;
  if (veiled || !reading) {
    const empty = busy ? skeleton() : make('p', { class: 'nothing', text: t('nothing') });
    fill(byId('probabilities'), veiled ? null : empty);
    return;
  }
  const { probabilities } = reading;
  const threshold = state.start.operating_points[state.point].threshold;
  const disagree = (probabilities.binary.normal > 0.5) !== (probabilities.three_class.normal > 0.5);
  const called = probabilities.binary.pneumonia > threshold;
  fill(byId('probabilities'),
    ...HEADS.flatMap((head) => [
      make('h3', { text: t(`head.${head}`) }),
      ...Object.entries(probabilities[head]).map(([name, probability]) =>
        bar(name, probability, name === 'pneumonia' ? threshold : undefined)),
    ]),
    make('p', { class: 'note', text: t('caution') }),
    plausible(reading),
    disagree ? make('p', { class: 'doubt', text: t('heads.disagree') }) : null,
    make('p', { id: 'called', text: t(called ? 'point.called' : 'point.not_called', {
      point: t(`point.${state.point}`), threshold: percent(threshold, 1),
    }) }));
}

export function skeleton() {
  return make('div', { class: 'skeleton' }, ...Array.from({ length: 5 }, () => make('span')));
}

/** Of 100 children at a prevalence: whole children, by rates on held-out patients. */
export function perHundred({ sensitivity, specificity }, prevalence) {
  const ill = Math.round(100 * prevalence);
  const found = Math.round(ill * sensitivity);
  const alarms = Math.round((100 - ill) * (1 - specificity));
  return { ill, found, missed: ill - found, healthy: 100 - ill, alarms, spared: 100 - ill - alarms };
}

/** A hundred children as dots, those with pneumonia first; the sentence beside it says the same. */
function dots(counts) {
  fill(byId('hundred'), ...['found', 'missed', 'alarms', 'spared'].flatMap((name) =>
    Array.from({ length: counts[name] }, () => make('i', { class: name }))));
}

function meaning() {
  const point = state.start.operating_points[state.point];
  const counts = perHundred(point, state.prevalence);
  dots(counts);
  byId('prevalence-value').textContent = percent(state.prevalence);
  byId('point-meaning').textContent = t('point.meaning', {
    ...counts,
    sensitivity: percent(point.sensitivity, 1), specificity: percent(point.specificity, 1),
    threshold: number(point.threshold, 3),
  });
  byId('hundred').setAttribute('aria-label', byId('point-meaning').textContent);
}

function points() {
  fill(byId('point'), ...Object.keys(state.start.operating_points).map((name) =>
    make('option', { value: name, text: t(`point.${name}`), selected: name === state.point })));
}

export function start() {
  set({ point: Object.keys(state.start.operating_points)[0] });
  byId('operating').hidden = false;
  byId('point').addEventListener('change', (event) => set({ point: event.target.value }));
  byId('prevalence').addEventListener('input', (event) =>
    set({ prevalence: event.target.value / 100 }));
  on(['language'], points);
  on(['reading', 'language', 'veiled', 'point', 'busy'], render);
  on(['point', 'prevalence', 'language'], meaning);
}
