// The reference library as the page knows it: row by row, and cards to show a reference by.
import { CallFailed } from '../shared/api.js';
import { make } from '../shared/dom.js';
import { set, state } from '../shared/store.js';
import { number, t } from '../shared/wording.js';

const EMPTY = { rows: [], ids: [], patients: [], labels: [], averaged: [],
  maps: { umap: [[], []], tsne: [[], []] } };
let loaded;
let rows = new Map(); // where an id stands in the atlas

const told = async (path, request) => (await fetch(path, request)).json();

/** Put references into the atlas; those that are there stay where they stand. */
function add(part, atlas = state.atlas) {
  const fresh = [...part.ids.keys()].filter((i) => !rows.has(part.ids[i]));
  const joined = (old, more) => [...old, ...fresh.map((i) => more[i])];
  fresh.forEach((i, n) => rows.set(part.ids[i], atlas.ids.length + n));
  if (!fresh.length) return;
  set({ atlas: { ...atlas,
    ...Object.fromEntries(['rows', 'ids', 'patients', 'labels', 'averaged'].map((name) =>
      [name, joined(atlas[name], part[name])])),
    maps: Object.fromEntries(Object.entries(atlas.maps).map(([name, [x, y]]) =>
      [name, [joined(x, part.maps[name][0]), joined(y, part.maps[name][1])]])) } });
}

/** The library as far as the whole map shows it, once it has come. */
export function load() {
  loaded ??= told('atlas.json').then((all) => add(all, { ...EMPTY, total: all.total })).catch(() => {
    loaded = undefined; // the next to ask tries again
    throw new CallFailed('call.lost');
  });
  return loaded;
}

/** Of a library too large to draw: what a part of a map holds. */
export async function look(map, box) {
  const { total, ids } = state.atlas;
  if (ids.length < total) add(await told(`atlas/view?map=${map}&box=${box.join()}`));
}

/** Look at all pictures again: there are new ones. */
export async function renew() {
  const now = await told('atlas.json', { cache: 'reload' });
  const averaged = [...state.atlas.averaged];
  now.ids.forEach((id, i) => { averaged[rows.get(id)] = now.averaged[i]; });
  set({ atlas: { ...state.atlas, averaged }, edition: state.edition + 1 });
}

/** Where the picture of a reference is. */
export const pictureOf = (row) => `pictures/${state.atlas.rows[row]}?${state.edition}`;

/** An answer's neighbours with where they stand in the atlas, and how they were searched. */
export async function located({ neighbours, vote, map }, search) {
  await load();
  const strangers = neighbours.map(({ id }) => id).filter((id) => !rows.has(id));
  if (strangers.length) add(await told(`atlas/some?ids=${strangers.map(encodeURIComponent).join()}`));
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
 * @param {number} row  in the atlas
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
  make('img', { src: pictureOf(row), loading: 'lazy',
    alt: averaged === 1 ? t('card.picture') : t('card.prototype', { averaged }) }),
  make('span', {},
    make('span', { class: 'name', text: title }),
    neighbour ? make('span', { text: `${number(neighbour.similarity, 3)} · ${nearness(neighbour.similarity)}` }) : null,
    make('span', { class: 'dim', text: state.atlas.patients[row] }),
    averaged === 1 ? null : make('span', { class: 'dim', text: t('card.prototype', { averaged }) })));
}
