// The viewer's controls, and the scale of what lies over the radiograph.
import { byId, fill, make } from '../shared/dom.js';
import { on, set, state } from '../shared/store.js';
import { number, percent, t } from '../shared/wording.js';
import { reset, usePreset, zoomBy } from './gestures.js';
import { SALIENCY_END } from './layers.js';

const SALIENT = ['normal', 'pneumonia', 'bacterial', 'viral'];
const MODES = ['single', 'side', 'swipe'];

function choices(select, offered, chosen) {
  fill(select, ...offered.map(([value, text]) =>
    make('option', { value, text, selected: value === chosen })));
}

function offer() {
  choices(byId('preset'), [['', t('window.preset')],
    ...[1, 2, 3, 4, 5].map((key) => [key, `${key} ${t(`window.${key}`)}`])], '');
  const { overlay, saliencyOf } = state;
  choices(byId('overlay'), [['anomaly', t('overlay.anomaly')],
    ...SALIENT.map((name) => [`saliency ${name}`, t('overlay.saliency', { class: t(`class.${name}`) })])],
  overlay === 'anomaly' ? overlay : `saliency ${saliencyOf}`);
  choices(byId('compare'), MODES.map((mode) => [mode, t(`compare.${mode}`)]), state.compare.mode);
  const neighbours = (state.around?.neighbours ?? []).map(({ row, label }, i) =>
    [row, t('compare.neighbour', { rank: i + 1, class: t(`class.${label}`) })]);
  const chosen = state.compare.with;
  if (chosen !== 'reconstruction' && !neighbours.some(([row]) => row === chosen)) {
    neighbours.push([chosen, state.atlas.ids[chosen]]); // compared from the map, not a neighbour now
  }
  choices(byId('compare-with'), [['reconstruction', t('compare.reconstruction')], ...neighbours], chosen);
}

function reflect() {
  for (const button of document.querySelectorAll('[data-tool]')) {
    button.setAttribute('aria-pressed', button.dataset.tool === state.tool);
  }
  byId('invert').setAttribute('aria-pressed', state.inverted);
  byId('overlay-on').checked = state.overlayOn;
  byId('contour').checked = state.contour;
  byId('contour').disabled = state.veiled || state.overlay !== 'anomaly';
  for (const id of ['overlay', 'overlay-on', 'opacity', 'compare', 'compare-with']) {
    byId(id).disabled = state.veiled;
  }
  const { level, width } = state.window;
  byId('readout').textContent = state.reading ? t('viewer.readout', {
    level: percent(level), width: percent(width), zoom: number(state.view.zoom, 1),
  }) : '';
}

/** The absolute scale of the overlay, with the threshold on it. */
function colourBar() {
  const { method, overlay, start } = state;
  const { hottest } = start.methods[method];
  const ramp = make('canvas', { width: 256, height: 1, role: 'img', 'aria-label': t('overlay.scale') });
  const context = ramp.getContext('2d');
  const colours = overlay === 'anomaly' ? start.ramp.map((rgb) => `rgb(${rgb})`)
    : Array.from({ length: 256 }, (_, i) => {
      const value = i / 127.5 - 1;
      return `rgb(${value > 0 ? '230 159 0' : '86 180 233'} / ${Math.abs(value)})`;
    });
  colours.forEach((colour, x) => {
    context.fillStyle = colour;
    context.fillRect(x, 0, 1, 1);
  });
  const bar = make('span', { class: 'ramp' }, ramp, overlay === 'anomaly' ? make('i') : null);
  const ends = overlay === 'anomaly'
    ? ['0', `${number(hottest, hottest < 0.1 ? 2 : 0)} ${t(`unit.${method}`)}`]
    : [`−${number(SALIENCY_END, 1)}`, `+${number(SALIENCY_END, 1)} ${t('unit.saliency')}`];
  fill(byId('colour-bar'), make('span', { text: ends[0] }), bar, make('span', { text: ends[1] }));
  byId('colour-bar').hidden = state.veiled;
  markThreshold();
}

function markThreshold() {
  const { method, thresholds, start } = state;
  const mark = byId('colour-bar').querySelector('i');
  const share = thresholds[method] / start.methods[method].hottest;
  if (mark) mark.style.left = `${100 * Math.min(1, share)}%`;
}

export function start() {
  for (const button of document.querySelectorAll('[data-tool]')) {
    button.addEventListener('click', () => set({ tool: button.dataset.tool }));
  }
  byId('zoom-in').addEventListener('click', () => zoomBy(1.25));
  byId('zoom-out').addEventListener('click', () => zoomBy(0.8));
  byId('invert').addEventListener('click', () => set({ inverted: !state.inverted }));
  byId('reset').addEventListener('click', reset);
  byId('preset').addEventListener('change', (event) => {
    if (event.target.value) usePreset(Number(event.target.value));
  });
  byId('overlay').addEventListener('change', (event) => {
    const [overlay, saliencyOf = state.saliencyOf] = event.target.value.split(' ');
    set({ overlay, saliencyOf });
  });
  byId('overlay-on').addEventListener('change', (event) => set({ overlayOn: event.target.checked }));
  byId('contour').addEventListener('change', (event) => set({ contour: event.target.checked }));
  byId('opacity').addEventListener('input', (event) => set({ opacity: Number(event.target.value) }));
  const compare = () => {
    const chosen = byId('compare-with').value;
    const what = chosen === 'reconstruction' ? chosen : Number(chosen);
    set({ compare: { mode: byId('compare').value, with: what } });
  };
  byId('compare').addEventListener('change', compare);
  byId('compare-with').addEventListener('change', () => {
    if (byId('compare').value === 'single') byId('compare').value = 'side';
    compare();
  });
  on(['language', 'around', 'compare'], offer);
  on(['language', 'tool', 'inverted', 'overlay', 'overlayOn', 'contour', 'veiled', 'window', 'view',
    'reading'], reflect);
  on(['language', 'overlay', 'method', 'veiled'], colourBar);
  on(['thresholds'], markThreshold);
}
