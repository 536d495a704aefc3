// The way in: a dropped or chosen file, or an example, becomes the reading on the page.
import * as batch from '../batch/batch.js';
import { isZip } from '../batch/zip.js';
import { CallFailed, analyse, example } from '../shared/api.js';
import { byId, fill, make } from '../shared/dom.js';
import { on, set, state } from '../shared/store.js';
import * as tabs from '../shared/tabs.js';
import { t } from '../shared/wording.js';
import { PARTS, decode } from './reading.js';
import { FITTED } from './viewport.js';

let said = { key: 'status.waiting', tone: 'waiting' };
let under = null; // what would stop the analysis under way

/** Say something on the status line: a key of the wording, its values, a tone; and whether what is
 *  on the page is of a radiograph before. */
export function say(key, tone, values = {}, before = false) {
  said = { key, tone, values, before };
  status();
}

/** What the status line says now: another after each `say`. */
export const spoken = () => said;

function status() {
  const words = [t(said.key, said.values)];
  if (said.key === 'status.done' && !state.veiled) words.push(recognised(state.reading));
  if (said.before) words.push(t('status.still'));
  const line = byId('status');
  line.textContent = words.filter(Boolean).join(' ');
  line.dataset.tone = said.tone;
}

/** That this very picture is in the library, if it is. */
function recognised({ same_picture: ids, left_out: leftOut }) {
  if (!ids.length) return '';
  if (!state.search.exclude) return t('status.known', { ids: ids.join(', ') });
  const others = leftOut - ids.length;
  return t(others ? 'status.same_and_others' : 'status.same', { ids: ids.join(', '), others });
}

/**
 * Analyse a file and put it on the page; whatever was under way is given up.
 * @param {Blob|function(): Promise<Blob>} source  the file, or how to come by it
 * @param {number} [frame]  which one of a DICOM file with several
 */
export async function read(source, frame = null) {
  under?.abort();
  under = new AbortController();
  const mine = under;
  tabs.open('read');
  set({ busy: true, asking: null });
  say('status.working', 'busy');
  const refuse = (key, values) => say(key, 'refused', values, Boolean(state.reading));
  try {
    const file = source instanceof Blob ? source : await source();
    const answer = await analyse(file, PARTS, { frame, signal: mine.signal });
    if (mine !== under) return;
    if (answer.status !== 'ok') {
      const { key, values } = answer.refusal;
      refuse(key, values);
      if (key === 'refused.dicom.frames') set({ asking: { source: file, count: values.frames } });
    } else {
      const reading = await decode(answer);
      if (mine !== under) return;
      show(file, reading);
    }
  } catch (error) {
    if (error.name === 'AbortError' || mine !== under) return;
    refuse(error instanceof CallFailed ? error.key : 'failed', error.values);
    if (!(error instanceof CallFailed)) throw error;
  } finally {
    if (mine === under) set({ busy: false });
  }
}

function show(file, reading) {
  const gated = reading.gate.grade === 'unusual';
  set({
    file, reading, gated, veiled: gated || state.readFirst, impression: null, around: null, probes: [], selected: [], highlighted: null,
    view: FITTED, window: { level: 0.5, width: 1 }, inverted: false,
    compare: { mode: 'single', with: 'reconstruction' },
  });
  const { width, height, bit_depth: bits } = reading.image;
  say('status.done', 'done', { width, height, bits });
}

/** One radiograph is read; several files, or an archive, are a batch. */
function take(files) {
  const all = [...files]; // a list of the browser's own empties itself
  if (all.length > 1 || (all.length && isZip(all[0]))) batch.take(all);
  else if (all.length) read(all[0]);
}

function examples() {
  fill(byId('examples'), ...Array.from({ length: state.start.examples }, (_, i) => make(
    'button', { type: 'button', 'aria-label': t('example', { number: i + 1 }), onclick: () => read(() => example(i)) },
    make('img', { alt: '', src: `examples/${i}/thumbnail`, loading: 'lazy' }),
  )));
}

export function start() {
  const input = byId('file');
  input.addEventListener('change', () => {
    take(input.files);
    input.value = '';
  });
  // A file dropped anywhere on the page is read; it must never open in place of the page.
  window.addEventListener('dragover', (event) => event.preventDefault());
  window.addEventListener('drop', (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    take(event.dataTransfer?.files ?? []);
  });
  on(['language'], examples);
  on(['language', 'veiled', 'search'], status);
  on(['busy'], () => byId('desk').classList.toggle('busy', state.busy));
}
