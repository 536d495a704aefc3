// What the viewer shows elsewhere on the page: the verdict at a threshold, and what probes did. HTML is
// made of numbers and of words of our own.
import { clamp } from './viewer_layers.js';

const BINS = 40;
const ROWS = { normal: [30, 28, true], pneumonia: [30, 28, false], map: [80, 18, true] }; // axis, height, upwards

export const decimals = (step) => Math.round(-Math.log10(step));
export const joined = (list, html) => list.map(html).join('');
export const table = (rows) => joined(rows, (row) => `<tr>${joined(row, (cell) => `<td>${cell}</td>`)}</tr>`);

const shareAbove = (values, threshold) =>
  values.filter((value) => value > threshold).length / values.length;

/** Of the radiograph at the threshold: score, unusual or not, share of the map's values above. */
export function judged({ reading, state: { method, threshold } }) {
  const { score, values } = reading.maps[method];
  const share_above = shareAbove(values, threshold);
  return { method, score, threshold, unusual: score > threshold, share_above };
}

/** What the threshold does to held-out patients, and at a prevalence, in words. */
function meaning({ t, percent, state, props }) {
  const { normal, pneumonia } = props.methods[state.method];
  const sensitivity = shareAbove(pneumonia, state.threshold);
  const specificity = 1 - shareAbove(normal, state.threshold);
  const prevalence = state.prevalence / 100;
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

/** Bars of held-out scores and of this map's values, in a square of 100 × 80. */
function histogram(series, high) {
  return joined(Object.entries(ROWS), ([name, [axis, tallest, up]]) => {
    const counts = new Array(BINS).fill(0);
    for (const value of series[name]) counts[clamp(Math.floor((value / high) * BINS), 0, BINS - 1)] += 1;
    return joined(counts, (count, i) => {
      const height = tallest * Math.sqrt(count / Math.max(...counts));
      return count ? `<rect class="${name}" x="${(100 * i) / BINS}" y="${up ? axis - height : axis}" height="${height}" width="2.2"/>` : '';
    });
  });
}

/** Verdict, histogram, presets, meaning. What does not hang on the threshold is drawn once. */
export function verdict(root, viewer) {
  const { t, number, percent, props, reading, state: { method, threshold, veil } } = viewer;
  const { range: [, high], step, presets, normal, pneumonia } = props.methods[method];
  const found = reading && !veil ? judged(viewer) : null;
  const shown = (value) => number(value, decimals(step));
  const drawn = [props.label, method, found && reading.id].join();
  if (root.dataset.drawn !== drawn) {
    root.dataset.drawn = drawn;
    const [histogramIs, presetsAre] = [t('histogram'), t('threshold.preset')];
    root.innerHTML = `<p class="said" role="status"></p>
<svg viewBox="0 0 100 80" preserveAspectRatio="none" role="img" aria-label="${histogramIs}"><title>${histogramIs}</title>
${histogram({ normal, pneumonia, map: found ? reading.maps[method].values : [] }, high)}
<g></g></svg>
<p class="ends"><span>0</span>${joined(Object.keys(ROWS), (name) =>
    `<span class="${name}">${t(name === 'map' ? 'map.query' : `class.${name}`)}</span>`)}<span>${high} ${t(`unit.${method}`)}</span></p>
<div class="presets" role="group" aria-label="${presetsAre}" title="${presetsAre}">
${joined(Object.entries(presets), ([name, value]) =>
    `<button type="button" value="${value}">${t(`preset.${name}`)} · ${shown(value)}</button>`)}</div><p class="meant"></p>`;
    root.querySelector('svg').onclick = ({ offsetX, currentTarget }) => viewer.choose((high * offsetX) / currentTarget.clientWidth);
    root.querySelector('.presets').onclick = ({ target }) => target.value && viewer.choose(target.value);
  }
  const [said, marks, meant] = root.querySelectorAll('.said, g, .meant');
  const words = found ? t(found.unusual ? 'verdict.unusual' : 'verdict.usual', { score: shown(found.score),
    threshold: shown(threshold), share: percent(found.share_above, 1) }) : t(veil ?? 'nothing');
  if (said.textContent !== words) said.textContent = words;
  said.dataset.share = found?.share_above ?? '';
  said.classList.toggle('unusual', Boolean(found?.unusual));
  meant.textContent = meaning(viewer);
  marks.innerHTML = joined(found ? ['threshold', 'score'] : ['threshold'], (name) => {
    const x = 100 * clamp({ ...found, threshold }[name] / high, 0, 1);
    return `<line class="${name}" x1="${x}" x2="${x}" y2="80"/>`;
  });
  for (const button of root.querySelectorAll('button')) button.setAttribute('aria-pressed', Number(button.value) === threshold);
}

/** One line for each box hidden, with the change against the untouched radiograph. */
export function probes(root, { t, number, percent, reading, state: { probes: made, veil } }) {
  const before = Object.entries(reading?.probabilities ?? {});
  const changed = (now, then) => {
    const points = Math.round(1000 * (now - then)) / 10;
    return `${percent(now, 1)} (${points > 0 ? '+' : points < 0 ? '−' : '±'}${number(Math.abs(points), 1)})`;
  };
  const where = (box) => {
    const [left, top, right, bottom] = box.map((share) => percent(share));
    return `${left}–${right} × ${top}–${bottom}`;
  };
  const head = ['#', t('probe.box'), ...before.map(([name]) => t(`class.${name}`))];
  const rows = [[0, t('probe.untouched'), ...before.map(([, share]) => percent(share, 1))],
    ...made.map(({ box, fill, found }, i) => [i + 1, `${where(box)}, ${t(`fill.${fill}`)}`,
      ...before.map(([name, share]) => (found ? changed(found[name], share) : '…'))])];
  root.innerHTML = veil || !before.length || !made.length ? `<p class="note">${t(veil ?? 'probe.empty')}</p>`
    : `<table><caption class="note">${t('probe.caption')}</caption><thead><tr>${joined(head, (name) => `<th scope="col">${name}</th>`)}
</tr></thead><tbody>${table(rows)}</tbody></table>`;
}
