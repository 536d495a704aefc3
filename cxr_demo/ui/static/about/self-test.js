// Self-test: the shipped examples analysed here and now, beside what they gave when stored.
import { CallFailed, analyse, example } from '../shared/api.js';
import { byId, fill, make } from '../shared/dom.js';
import { on, state } from '../shared/store.js';
import { number, t } from '../shared/wording.js';
import { grid, scroller } from './table.js';

let stored = null; // see train/self_test.py
let found = []; // what the examples gave, in their order
let stopped = null; // key of the sentence that says why it could not go on
let running = false;

/** What of an answer is not as stored, as keys of the wording. */
export function differences(expected, answer, { model, tolerance }) {
  const { binary, three_class: three } = answer.probabilities;
  const beyond = (one, other, limit) => Math.abs(one - other) > limit;
  const differs = {
    pneumonia: beyond(binary.pneumonia, expected.pneumonia, tolerance.probability),
    three_class: Object.entries(expected.three_class)
      .some(([name, share]) => beyond(three[name], share, tolerance.probability)),
    score: beyond(answer.anomaly.score, expected.score, tolerance.score),
    autoencoder: beyond(
      answer.anomaly.autoencoder.score, expected.autoencoder, tolerance.autoencoder,
    ),
    model: Object.entries(model).some(([name, hash]) => answer.model[name] !== hash),
  };
  return Object.keys(differs).filter((name) => differs[name]);
}

function compared(expected, answer) {
  const ids = answer.neighbours.map(({ id }) => id);
  return {
    pneumonia: answer.probabilities.binary.pneumonia,
    score: answer.anomaly.score,
    same: expected.neighbours.filter((id) => ids.includes(id)).length,
    differs: differences(expected, answer, stored),
  };
}

async function analysed(i) {
  const answer = await analyse(await example(i), []);
  if (answer.status !== 'ok') throw new CallFailed('about.self_test.refused');
  return answer;
}

async function run() {
  if (running || state.readFirst) return;
  [running, found, stopped] = [true, [], null];
  show();
  try {
    for (const [i, expected] of stored.examples.entries()) {
      found.push(compared(expected, await analysed(i)));
      show();
    }
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    stopped = error.key;
  } finally {
    running = false;
    show();
  }
}

function verdict() {
  const n = stored.examples.length;
  if (running) return ['', t('about.self_test.running', { n })];
  if (stopped) {
    const number = found.length + 1;
    return ['bad', t('about.self_test.stopped', { number, why: t(stopped) })];
  }
  if (found.length < n) return ['', ''];
  const differing = found.flatMap(({ differs }, i) => (differs.length ? [i + 1] : []));
  if (!differing.length) return ['good', t('about.self_test.agree', { n })];
  const examples = differing.join(', ');
  return ['bad', t('about.self_test.differ', { differing: differing.length, n, examples })];
}

function row({ pneumonia, score, same, differs }, i) {
  const expected = stored.examples[i];
  const what = differs.map((name) => t(`about.self_test.what.${name}`)).join(', ');
  return [
    t('example', { number: i + 1 }),
    number(expected.pneumonia, 3), number(pneumonia, 3),
    number(expected.score, 3), number(score, 3),
    t('about.self_test.same', { same, n: expected.neighbours.length }),
    make('span', { class: what ? 'bad' : 'good', text: what
      ? t('about.self_test.differs', { what })
      : t('about.self_test.ok') }),
  ];
}

/** Bring what changes up to date; the button and the scroller stay, and with them the focus. */
export function show() {
  const button = byId('self-test');
  if (!button) return;
  const veiled = state.readFirst;
  button.setAttribute('aria-disabled', running || veiled);
  byId('self-test-veiled').hidden = !veiled;
  button.ariaDescription = veiled ? t('about.self_test.veiled') : null;
  byId('self-test-progress').value = found.length;
  byId('self-test-progress').hidden = !running;
  const [tone, words] = verdict();
  const line = byId('self-test-verdict');
  line.className = tone;
  if (line.textContent !== words) line.textContent = words;
  // The examples are those of the strip: their outputs are not for who is to read them first.
  const results = byId('self-test-results');
  results.hidden = veiled || !found.length;
  const columns = ['example', 'p_stored', 'p_found', 's_stored', 's_found', 'same', 'outcome'];
  fill(results, grid(t('about.self_test.caption'),
    columns.map((name) => t(`about.self_test.column.${name}`)), found.map(row)));
}

/** The section's contents, from about.json; `show` fills them once they stand in the page. */
export function contents({ self_test: expected }) {
  stored = expected;
  const { probability, score, autoencoder } = stored.tolerance;
  const results = scroller(t('about.self_test.caption'));
  results.id = 'self-test-results';
  return [
    make('p', { text: t('about.self_test.how', { n: stored.examples.length }) }),
    make('p', { class: 'note', text: t('about.self_test.tolerance', {
      probability: number(probability, 2), score: number(score, 2),
      autoencoder: number(autoencoder, 4),
    }) }),
    make('div', { class: 'row' },
      make('button', {
        type: 'button', id: 'self-test', text: t('about.self_test.run'), onclick: run,
      }),
      make('progress', {
        id: 'self-test-progress', max: stored.examples.length, value: 0,
        'aria-label': t('about.self_test.progress'),
      })),
    make('p', { id: 'self-test-veiled', class: 'warning', text: t('about.self_test.veiled') }),
    make('p', { id: 'self-test-verdict', role: 'status' }),
    results,
  ];
}

export function start() {
  on(['readFirst'], show);
}
