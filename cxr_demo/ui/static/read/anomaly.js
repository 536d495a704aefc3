// The threshold: verdict, what it means on held-out patients, and where this radiograph lies among
// them. Everything follows in the browser from maps and scores sent once.
import { byId, fill, make } from '../shared/dom.js';
import { hiddenBy, on, set, state } from '../shared/store.js';
import { number, percent, t } from '../shared/wording.js';
import { shareAbove } from './reading.js';

const BINS = 40;

const decimals = (method) => Math.round(-Math.log10(state.start.methods[method].step));
export const shown = (value, method) => number(value, decimals(method));

/** Of one radiograph at a threshold: score, unusual or not, share of the map above. */
export function verdict(reading, method, threshold) {
  const { score } = method === 'detector' ? reading.anomaly : reading.anomaly[method];
  return { score, unusual: score > threshold, share: shareAbove(reading.maps[method], threshold) };
}

/** What a threshold does: rates on held-out patients, predictive values by Bayes' rule. */
export function rates({ normal, pneumonia }, threshold, prevalence) {
  const above = (scores) => scores.filter((score) => score > threshold).length / scores.length;
  const sensitivity = above(pneumonia);
  const specificity = 1 - above(normal);
  const share = (right, wrong) => (right + wrong > 0 ? right / (right + wrong) : null);
  return {
    sensitivity,
    specificity,
    ppv: share(sensitivity * prevalence, (1 - specificity) * (1 - prevalence)),
    npv: share(specificity * (1 - prevalence), (1 - sensitivity) * prevalence),
  };
}

/** A verdict in words. */
function inWords({ score, unusual, share }, method, threshold) {
  return t(unusual ? 'verdict.unusual' : 'verdict.usual', {
    score: shown(score, method), threshold: shown(threshold, method), share: percent(share, 1),
  });
}

/** What the threshold means, in words. */
export function meaning(method, threshold, prevalence) {
  const scores = state.start.methods[method];
  const { sensitivity, specificity, ppv, npv } = rates(scores, threshold, prevalence);
  return [
    t('threshold.rates', {
      sensitivity: percent(sensitivity, 1), specificity: percent(specificity, 1),
      pneumonia: scores.pneumonia.length, normal: scores.normal.length,
    }),
    t('threshold.prevalence', { prevalence: percent(prevalence) }),
    ppv === null ? t('threshold.none_flagged') : t('threshold.ppv', { ppv: percent(ppv) }),
    npv === null ? t('threshold.none_spared') : t('threshold.npv', { npv: percent(npv) }),
  ].join(' ');
}

function render() {
  const { reading, method, thresholds, prevalence, veiled } = state;
  const threshold = thresholds[method];
  const line = byId('verdict');
  const found = reading && !veiled ? verdict(reading, method, threshold) : null;
  line.textContent = found ? inWords(found, method, threshold) : t(veiled ? hiddenBy() : 'nothing');
  line.classList.toggle('unusual', Boolean(found?.unusual));
  line.dataset.share = found?.share ?? '';
  byId('threshold-meaning').textContent = meaning(method, threshold, prevalence);
  byId('threshold').value = threshold;
  byId('threshold').setAttribute('aria-valuetext', `${shown(threshold, method)} ${t(`unit.${method}`)}`);
  if (document.activeElement !== byId('threshold-number')) byId('threshold-number').value = threshold;
  const { presets } = state.start.methods[method];
  const preset = Object.keys(presets).find((name) => presets[name] === threshold);
  byId('threshold-preset').value = preset ?? '';
  marks(found?.score ?? null);
}

/** Controls of the method in use. */
function controls() {
  const { method, start } = state;
  const { hottest, step, presets } = start.methods[method];
  for (const id of ['threshold', 'threshold-number']) {
    Object.assign(byId(id), { min: 0, max: hottest, step });
  }
  byId('threshold-name').textContent = t('threshold');
  byId('threshold').setAttribute('aria-label', `${t('threshold')}: ${t(`unit.${method}`)}`);
  fill(byId('method'), ...Object.keys(start.methods).map((name) =>
    make('option', { value: name, text: t(`method.${name}`), selected: name === method })));
  fill(byId('threshold-preset'), make('option', { value: '', text: t('threshold.preset') }),
    ...Object.entries(presets).map(([name, value]) =>
      make('option', { value: name, text: `${t(`preset.${name}`)} (${shown(value, method)})` })));
  byId('anomaly-note').textContent = t('anomaly.note', { extent: percent(start.extent) });
  histogram();
  render();
}

const along = (value) => Math.min(Math.max(value / state.start.methods[state.method].hottest, 0), 1);

/** Normals above the axis, pneumonias below it, as square roots of their shares on one scale. */
function histogram() {
  const scores = state.start.methods[state.method];
  const shares = ['normal', 'pneumonia'].map((name) => {
    const counts = new Array(BINS).fill(0);
    for (const score of scores[name]) counts[Math.min(BINS - 1, Math.floor(along(score) * BINS))] += 1;
    return [name, counts.map((count) => count / scores[name].length)];
  });
  const tallest = Math.max(...shares.flatMap(([, heights]) => heights));
  const bars = shares.flatMap(([name, heights]) => heights.map((share, i) => {
    const height = 28 * Math.sqrt(share / tallest);
    return share && make('svg:rect', {
      class: name, x: (100 * i) / BINS, y: name === 'normal' ? 30 - height : 30,
      width: 100 / BINS - 0.3, height,
    });
  })).filter(Boolean);
  fill(byId('histogram'),
    make('svg:svg', { viewBox: '0 0 100 60', preserveAspectRatio: 'none', role: 'img',
      'aria-label': t('histogram') },
    ...bars, make('svg:line', { class: 'threshold', y1: 0, y2: 60 }),
    make('svg:line', { class: 'query', y1: 0, y2: 60 })),
    make('figcaption', { text: t('histogram') }));
}

function marks(score) {
  const put = (name, value) => {
    const line = byId('histogram').querySelector(`.${name}`);
    line.setAttribute('visibility', value === null ? 'hidden' : 'visible');
    for (const end of ['x1', 'x2']) line.setAttribute(end, 100 * along(value ?? 0));
  };
  put('threshold', state.thresholds[state.method]);
  put('query', score);
}

function move(value) {
  const { hottest, step } = state.start.methods[state.method];
  const whole = Math.round(Math.min(Math.max(Number(value), 0), hottest) / step) * step;
  const threshold = Number(whole.toFixed(decimals(state.method)));
  set({ thresholds: { ...state.thresholds, [state.method]: threshold } });
}

export function start() {
  byId('threshold').addEventListener('input', (event) => move(event.target.value));
  byId('threshold-number').addEventListener('change', (event) => {
    if (event.target.value !== '') move(event.target.value);
    event.target.value = state.thresholds[state.method];
  });
  byId('threshold-preset').addEventListener('change', (event) => {
    const value = state.start.methods[state.method].presets[event.target.value];
    if (value !== undefined) move(value);
  });
  byId('method').addEventListener('change', (event) => set({ method: event.target.value }));
  on(['language', 'method'], controls);
  on(['reading', 'thresholds', 'prevalence', 'veiled'], render);
}
