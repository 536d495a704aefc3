// The nearest references, their vote, and another search of them without a run of the networks.
import { CallFailed, neighbours as search } from '../shared/api.js';
import { byId, fill, make } from '../shared/dom.js';
import { hiddenBy, on, set, state } from '../shared/store.js';
import { t } from '../shared/wording.js';
import { say } from './intake.js';
import { card, located } from './library.js';
import { skeleton } from './probabilities.js';
import { called } from './reading.js';

let latest = 0; // searches may overtake each other; only the latest counts

/** Whether the search shown is the one that every analysis makes. */
const standard = ({ k, classes, exclude }) =>
  k === state.start.neighbours && exclude && classes.length === state.start.classes.length;

async function look() {
  const { reading, search: how } = state;
  if (!reading) return;
  latest += 1;
  const mine = latest;
  try {
    const answer = standard(how) ? reading : await search(
      reading.embedding, how.k, how.classes, how.exclude ? reading.same_patients : [],
    );
    if (mine !== latest) return;
    if (answer.status !== 'ok') say(answer.refusal.key, 'refused', answer.refusal.values);
    else {
      const around = await located(answer, how);
      if (mine === latest) set({ around });
    }
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (mine === latest) say(error.key, 'refused', error.values);
  }
}

/** The class with most votes; between equals the one with more similarity in sum. */
export function elected({ neighbours, vote }) {
  const weight = (name) => neighbours.filter(({ label }) => label === name)
    .reduce((sum, { similarity }) => sum + similarity, 0);
  return Object.keys(vote).reduce((best, name) =>
    vote[name] > vote[best] || (vote[name] === vote[best] && weight(name) > weight(best))
      ? name : best);
}

/** How far vote and classifier call the same: 'full', 'cause' (normal or not, but not which), 'none'. */
export function agreement(probabilities, around) {
  if ((probabilities.binary.pneumonia > 0.5) !== (around.vote.normal < 0.5)) return 'none';
  return called(probabilities) === elected(around) ? 'full' : 'cause';
}

function vote(around) {
  const counts = Object.entries(around.vote).map(([name, share]) =>
    `${t(`class.${name}`)} ${Math.round(share * around.neighbours.length)}`);
  const agrees = agreement(state.reading.probabilities, around);
  const whole = around.search.classes.length === state.start.classes.length;
  return make('p', { id: 'vote' },
    `${t('vote', { k: around.neighbours.length })} ${counts.join(', ')}. `,
    whole ? make('span', { class: agrees === 'full' ? 'agree' : 'doubt', text: t(`agreement.${agrees}`) })
      : make('span', { class: 'nothing', text: t('vote.filtered') }));
}

function render() {
  const { around, reading, veiled, busy } = state;
  const box = byId('neighbours');
  if (veiled || !around) {
    fill(box, busy && !veiled ? skeleton()
      : make('p', { class: 'nothing', text: t(veiled ? hiddenBy() : 'nothing') }));
    return;
  }
  const focused = document.activeElement?.closest('#neighbours .card')?.dataset.row;
  fill(box,
    reading.atypical ? make('p', { class: 'doubt', id: 'atypical', text: t('atypical') }) : null,
    vote(around),
    make('ol', { class: 'cards' }, ...around.neighbours.map(({ row, similarity }, i) =>
      make('li', {}, card(row, { rank: i + 1, similarity })))));
  if (focused) box.querySelector(`[data-row="${focused}"]`)?.focus();
}

function classes() {
  fill(byId('classes'), byId('classes').querySelector('legend'), ...state.start.classes.map((name) =>
    make('label', { class: 'check' },
      make('input', { type: 'checkbox', value: name, checked: state.search.classes.includes(name) }),
      make('span', { text: t(`class.${name}`) }))));
}

function changed() {
  const chosen = [...byId('classes').querySelectorAll('input:checked')].map(({ value }) => value);
  const k = Math.round(Math.min(Math.max(Number(byId('k').value) || 1, 1), state.start.most_neighbours));
  byId('k').value = k;
  // A search among no class is none: the class just let go stays.
  const wanted = chosen.length ? chosen : state.search.classes;
  set({ search: { k, classes: wanted, exclude: byId('exclude').checked } });
  if (!chosen.length) classes();
}

export function start() {
  Object.assign(byId('k'), { value: state.search.k, max: state.start.most_neighbours });
  byId('search').addEventListener('change', changed);
  on(['reading', 'search'], look);
  on(['around', 'edition', 'veiled', 'language', 'highlighted', 'busy'], render);
  on(['language'], classes);
}
