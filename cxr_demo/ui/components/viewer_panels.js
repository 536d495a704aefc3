// What the viewer shows elsewhere on the page: the verdict at a threshold, and what probes did. What
// they are made of is in wording/viewer_html.py.
import { clamp } from './viewer_layers.js';

export const decimals = (step) => Math.round(-Math.log10(step));

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

/** A preset was pressed, or a place in the histogram. */
export function choose({ target, offsetX }, viewer) {
  const histogram = target.closest('svg');
  const [, high] = viewer.props.methods[viewer.state.method].range;
  if (histogram) viewer.choose((high * offsetX) / histogram.clientWidth);
  else if (target.value) viewer.choose(target.value);
}

/** Verdict, histogram, presets, meaning. */
export function verdict(root, viewer) {
  const { t, number, percent, props, reading, state: { method, threshold, veil } } = viewer;
  const { range: [, high], step } = props.methods[method];
  const found = reading && !veil ? judged(viewer) : null;
  const shown = (value) => number(value, decimals(step));
  const words = found ? t(found.unusual ? 'verdict.unusual' : 'verdict.usual', { score: shown(found.score),
    threshold: shown(threshold), share: percent(found.share_above, 1) }) : t(veil ?? 'nothing');
  const [said, meant] = root.querySelectorAll('.said, .meant');
  if (said.textContent !== words) said.textContent = words;
  said.dataset.share = found?.share_above ?? '';
  said.classList.toggle('unusual', Boolean(found?.unusual));
  meant.textContent = meaning(viewer);
  for (const own of root.querySelectorAll('[data-method]')) own.hidden = own.dataset.method !== method;
  const [places, marks] = root.querySelectorAll(`[data-method=${method}] svg > :is([data-class=map], g)`);
  places.setAttribute('d', found ? reading.maps[method].bars : '');
  marks.innerHTML = (found ? ['threshold', 'score'] : ['threshold']).map((name) => {
    const x = 100 * clamp({ ...found, threshold }[name] / high, 0, 1);
    return `<line class="${name}" x1="${x}" x2="${x}" y2="80"/>`;
  }).join('');
  for (const button of root.querySelectorAll('button')) button.setAttribute('aria-pressed', Number(button.value) === threshold);
}

/** One line for each box hidden, below one for the untouched radiograph. */
export function probes(root, { t, state: { probes: made, veil } }) {
  const [note, table] = root.children;
  table.hidden = Boolean(veil) || !made.length;
  note.textContent = table.hidden ? t(veil ?? 'probe.empty') : '';
  const rows = made.flatMap((probe, i) => (probe.rows ?? ['<tr><th scope="row">…</th></tr>']).slice(i && -1));
  table.querySelector('tbody').innerHTML = rows.join('');
}
