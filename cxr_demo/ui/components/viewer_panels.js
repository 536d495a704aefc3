// What the viewer shows elsewhere on the page: the verdict at a threshold, and what probes did.
import { clamp } from './viewer_layers.js';

const BINS = 40;
const ROWS = { normal: [30, 28, true], pneumonia: [30, 28, false], map: [80, 18, true] }; // axis, height, upwards

/** An element with attributes; `text` is its text, `on…` are listeners. SVG begins with `svg:`. */
export function make(tag, attributes = {}, ...children) {
  const [, svg, name] = tag.match(/^(svg:)?(.*)$/);
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'text') element.textContent = value;
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children.flat(2).filter(Boolean));
  return element;
}

export const decimals = (step) => Math.round(-Math.log10(step));

/** Of the radiograph at the threshold: score, unusual or not, share of the map's values above. */
export function judged({ reading, state: { method, threshold } }) {
  const { score, values } = reading.maps[method];
  let above = 0;
  for (const value of values) if (value > threshold) above += 1;
  return { method, score, threshold, unusual: score > threshold, share_above: above / values.length };
}

/** What the threshold does to held-out patients, and at a prevalence, in words. */
function meaning({ percent, t, state, props }) {
  const { normal, pneumonia } = props.methods[state.method];
  const above = (scores) => scores.filter((score) => score > state.threshold).length / scores.length;
  const [sensitivity, specificity, prevalence] = [above(pneumonia), 1 - above(normal), state.prevalence / 100];
  const share = (right, wrong) => (right + wrong > 0 ? percent(right / (right + wrong)) : null);
  const ppv = share(sensitivity * prevalence, (1 - specificity) * (1 - prevalence));
  const npv = share(specificity * (1 - prevalence), (1 - sensitivity) * prevalence);
  return [
    t('threshold.rates', { sensitivity: percent(sensitivity, 1), specificity: percent(specificity, 1),
      pneumonia: pneumonia.length, normal: normal.length }),
    t('threshold.prevalence', { prevalence: percent(prevalence) }),
    ppv === null ? t('threshold.none_flagged') : t('threshold.ppv', { ppv }),
    npv === null ? t('threshold.none_spared') : t('threshold.npv', { npv }),
  ].join(' ');
}

/** Verdict, histogram of held-out scores and of this map, presets, meaning. */
export function verdict(root, viewer) {
  const { t, number, percent, props, reading, state: { method, threshold, veil } } = viewer;
  const { range: [, high], step, presets, ...scores } = props.methods[method];
  const found = reading && !veil ? judged(viewer) : null;
  const along = (value) => 100 * clamp(value / high, 0, 1);
  const shown = (value) => number(value, decimals(step));
  const drawn = [props.label, method, found && reading.id].join();
  if (root.dataset.drawn !== drawn) {
    root.dataset.drawn = drawn;
    const bars = Object.entries(ROWS).map(([name, [axis, tallest, up]]) => {
      const counts = new Array(BINS).fill(0);
      for (const value of scores[name] ?? (found ? reading.maps[method].values : [])) {
        counts[Math.min(BINS - 1, Math.floor((along(value) / 100) * BINS))] += 1;
      }
      return counts.map((count, i) => {
        const height = tallest * Math.sqrt(count / Math.max(...counts));
        return count && make('svg:rect', { class: name, x: (100 * i) / BINS, y: up ? axis - height : axis, height, width: 2.2 });
      });
    });
    const lines = ['threshold', 'query'].map((name) => make('svg:line', { class: name, y1: 0, y2: 80 }));
    root.replaceChildren(make('p', { class: 'said', role: 'status' }),
      make('svg:svg', { viewBox: '0 0 100 80', preserveAspectRatio: 'none', role: 'img', 'aria-label': t('histogram'),
        onclick: ({ offsetX, currentTarget }) => viewer.choose((high * offsetX) / currentTarget.clientWidth) },
      make('svg:title', { text: t('histogram') }), bars, lines),
      make('p', { class: 'ends' }, make('span', { text: '0' }), Object.keys(ROWS).map((name) =>
        make('span', { class: name, text: t(name === 'map' ? 'map.query' : `class.${name}`) })),
      make('span', { text: `${high} ${t(`unit.${method}`)}` })),
      make('div', { class: 'presets', role: 'group', 'aria-label': t('threshold.preset'), title: t('threshold.preset') },
        Object.entries(presets).map(([name, value]) => make('button', { type: 'button', value,
          text: `${t(`preset.${name}`)} · ${shown(value)}`, onclick: () => viewer.choose(value) }))),
      make('p', { class: 'meant' }));
  }
  const [said, meant] = root.querySelectorAll('.said, .meant');
  const words = found ? t(found.unusual ? 'verdict.unusual' : 'verdict.usual', { score: shown(found.score),
    threshold: shown(threshold), share: percent(found.share_above, 1) }) : t(veil ?? 'nothing');
  if (said.textContent !== words) said.textContent = words;
  said.dataset.share = found?.share_above ?? '';
  said.classList.toggle('unusual', Boolean(found?.unusual));
  meant.textContent = meaning(viewer);
  for (const [name, value] of [['threshold', threshold], ['query', found?.score]]) {
    const mark = root.querySelector(`line.${name}`);
    mark.setAttribute('visibility', value === undefined ? 'hidden' : 'visible');
    for (const end of ['x1', 'x2']) mark.setAttribute(end, along(value ?? 0));
  }
  for (const button of root.querySelectorAll('button')) button.setAttribute('aria-pressed', Number(button.value) === threshold);
}

/** One line for each box hidden, with the change against the untouched radiograph. */
export function probes(root, { t, number, percent, reading, state: { probes: made, veil } }) {
  const before = reading?.probabilities;
  const shown = (now, then) => {
    const points = Math.round(1000 * (now - then)) / 10;
    return `${percent(now, 1)} (${points > 0 ? '+' : points < 0 ? '−' : '±'}${number(Math.abs(points), 1)})`;
  };
  const row = (tag, cells) => make('tr', {}, cells.map((text) => make(tag, { text, ...(tag === 'th' && { scope: 'col' }) })));
  const where = (box) => {
    const [left, top, right, bottom] = box.map((share) => percent(share));
    return `${left}–${right} × ${top}–${bottom}`;
  };
  if (veil || !before || !made.length) root.replaceChildren(make('p', { class: 'note', text: t(veil ?? 'probe.empty') }));
  else root.replaceChildren(make('table', {}, make('caption', { class: 'note', text: t('probe.caption') }),
    make('thead', {}, row('th', ['#', t('probe.box'), ...Object.keys(before).map((name) => t(`class.${name}`))])),
    make('tbody', {}, row('td', ['0', t('probe.untouched'), ...Object.values(before).map((p) => percent(p, 1))]),
      made.map(({ box, fill, found }, i) => row('td', [i + 1, `${where(box)}, ${t(`fill.${fill}`)}`,
        ...Object.keys(before).map((name) => (found ? shown(found[name], before[name]) : '…'))])))));
}
