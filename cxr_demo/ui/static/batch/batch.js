// The Batch tab: several radiographs, or ZIP archives of them, analysed one by one into a table.
import * as intake from '../read/intake.js';
import { CallFailed } from '../shared/api.js';
import { byId, fill, make, save } from '../shared/dom.js';
import { on, state } from '../shared/store.js';
import * as tabs from '../shared/tabs.js';
import { t } from '../shared/wording.js';
import { csv } from './csv.js';
import { queue } from './queue.js';
import { table } from './table.js';
import { entries, isZip, why } from './zip.js';

const batch = queue(changed);
let shown = null; // the table

/** Read-first mode: nothing of the models is to be seen. */
const veiled = () => state.readFirst || (state.veiled && !state.gated);

/** Add files and archives to the batch, as if dropped on it. */
export async function take(files) {
  tabs.open('batch');
  const rows = [];
  for (const file of files) rows.push(...isZip(file) ? await unpacked(file) : [plain(file)]);
  // Added and drawn in one go: what is under way may go on to any row it finds.
  rows.forEach(batch.add);
  render();
  batch.proceed();
}

function plain(file) {
  // A folder, or a file that has gone, is found out here and not taken for a lost connection.
  const open = async () => file.slice(0, 1).arrayBuffer().then(() => file);
  return { name: file.name, path: file.name, open };
}

async function unpacked(archive) {
  try {
    return (await entries(archive)).map(({ path, open }) => ({
      name: path.split('/').at(-1), path: `${archive.name}/${path}`, open,
    }));
  } catch (error) {
    return [{ name: archive.name, path: archive.name, reason: why(error) }];
  }
}

function view(row) {
  intake.read(() => row.open().catch((error) => {
    const { key, values } = why(error);
    throw new CallFailed(key, values);
  }));
  byId('tab-read').focus();
}

function download() {
  save(csv(shown.sorted()), 'batch.csv', 'text/csv;charset=utf-8');
}

function cancel() {
  batch.cancel();
  byId('batch-clear').focus(); // the button that was pressed is about to be disabled
}

function clear() {
  batch.clear();
  render();
  byId('batch-files').focus();
}

/** How many rows have a status. */
const count = (...wanted) => batch.rows.filter(({ status }) => wanted.includes(status)).length;

function progress() {
  const total = batch.rows.length;
  const numbers = {
    total, left: count('waiting', 'working'), done: count('done'),
    problems: count('refused', 'failed'), cancelled: count('cancelled'),
  };
  const key = numbers.left ? 'running' : numbers.cancelled ? 'stopped' : 'finished';
  const over = total - numbers.left;
  byId('batch-status').textContent = total ? t(`batch.${key}`, { ...numbers, over }) : '';
  byId('batch-progress').hidden = !numbers.left;
  Object.assign(byId('batch-progress'), { max: total || 1, value: over });
  byId('batch-cancel').disabled = !numbers.left;
  byId('batch-csv').disabled = !total || numbers.left > 0 || veiled();
  byId('batch-clear').disabled = !total;
}

function changed(row) {
  shown.update(row);
  progress();
}

function render() {
  byId('batch-empty').hidden = batch.rows.length > 0;
  byId('batch-table').hidden = !batch.rows.length;
  byId('batch-veiled').hidden = !veiled();
  shown.draw(veiled());
  progress();
}

function panel() {
  const button = (name, onclick) => make('button', {
    type: 'button', id: `batch-${name}`, 'data-t': `batch.${name}`, disabled: true, onclick,
  });
  return make('section', { class: 'sheet', 'aria-labelledby': 'batch-title' },
    make('h2', { id: 'batch-title', 'data-t': 'batch.title' }),
    make('div', { id: 'batch-drop' },
      make('input', {
        type: 'file', id: 'batch-files', multiple: true, 'data-t-label': 'batch.drop',
        onchange: chosen,
      }),
      make('span', { 'aria-hidden': 'true', 'data-t': 'batch.drop' })),
    make('p', { class: 'note', 'data-t': 'batch.note' }),
    make('div', { class: 'row' },
      make('progress', { id: 'batch-progress', 'data-t-label': 'batch.progress', hidden: true }),
      make('p', { id: 'batch-status', role: 'status' }),
      button('cancel', cancel), button('csv', download), button('clear', clear)),
    make('p', { id: 'batch-veiled', 'data-t': 'batch.veiled', hidden: true }),
    make('p', { id: 'batch-empty', class: 'nothing', 'data-t': 'batch.empty' }),
    make('div', {
      id: 'batch-table', role: 'region', tabindex: 0, 'data-t-label': 'batch.caption', hidden: true,
    }));
}

function chosen({ target }) {
  take([...target.files]);
  target.value = '';
}

export function start() {
  const box = byId('panel-batch');
  fill(box, panel());
  shown = table(byId('batch-table'), batch.rows, view);
  // Anywhere on the tab will do; the window would take a file for the one to be read.
  box.addEventListener('drop', (event) => {
    event.preventDefault();
    take([...event.dataTransfer?.files ?? []]);
  });
  on(['readFirst'], render);
  on(['language', 'veiled'], render);
}
