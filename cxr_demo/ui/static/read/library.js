// The reference library as the page knows it: row by row, and cards to show a reference by.
import { CallFailed } from '../shared/api.js';
import { make } from '../shared/dom.js';
import { set, state } from '../shared/store.js';
import { number, t } from '../shared/wording.js';

let loaded;
let rows; // library row by id

/** The library, once it has come. */
export function load() {
  loaded ??= fetch('atlas.json').then((sent) => sent.json()).then((atlas) => {
    rows = new Map(atlas.ids.map((id, row) => [id, row]));
    set({ atlas });
  }).catch(() => {
    loaded = undefined; // the next to ask tries again
    throw new CallFailed('call.lost');
  });
  return loaded;
}

/** An answer's neighbours with the rows they have in the library, and how they were searched. */
export async function located({ neighbours, vote, map }, search) {
  await load();
  const found = neighbours.map((neighbour) => ({ ...neighbour, row: rows.get(neighbour.id) }));
  return { neighbours: found, vote, map, search };
}

export const label = (row) => state.start.classes[state.atlas.labels[row]];

/** How near a similarity is, in words, against the library's own neighbours. */
export function nearness(similarity) {
  const { lowest, lower_quartile: lower, upper_quartile: upper } = state.start.typicality;
  return t(similarity >= upper ? 'near.very' : similarity >= lower ? 'near.usual'
    : similarity >= lowest ? 'near.loose' : 'near.far');
}

/**
 * A reference as a button: picture or prototype, class, patient; a neighbour's rank and similarity.
 * @param {number} row  in the library
 * @param {Object} [neighbour]  {rank, similarity}
 */
export function card(row, neighbour) {
  const name = label(row);
  const averaged = state.atlas.averaged[row];
  const title = neighbour ? t('card.rank', { rank: neighbour.rank, class: t(`class.${name}`) })
    : t(`class.${name}`);
  return make('button', {
    type: 'button', class: 'card', data: { class: name, row }, title: state.atlas.ids[row],
    'aria-pressed': state.highlighted === row,
    onclick: () => set({ highlighted: state.highlighted === row ? null : row }),
  },
  make('img', { src: `pictures/${row}`, loading: 'lazy',
    alt: averaged === 1 ? t('card.picture') : t('card.prototype', { averaged }) }),
  make('span', {},
    make('span', { class: 'name', text: title }),
    neighbour ? make('span', { text: `${number(neighbour.similarity, 3)} · ${nearness(neighbour.similarity)}` }) : null,
    make('span', { class: 'dim', text: state.atlas.patients[row] }),
    averaged === 1 ? null : make('span', { class: 'dim', text: t('card.prototype', { averaged }) })));
}
