// Asks the server about the files of a batch, one image at a time and at most two under way.
//
// A row is {number, name, path, open, status, reason, found, picture}: `open` gives its Blob, or is
// null where it has none; `status` is 'waiting', 'working', 'done', 'refused', 'failed' or
// 'cancelled'; `reason` is {key, values}, also of a done one with a warning; `found` and `picture`
// are there when it is done.
import { called } from '../read/reading.js';
import { analyse } from '../shared/api.js';
import { why } from './zip.js';

const AT_ONCE = 2;
const PAUSES_MS = [1000, 3000, 9000]; // before a server that is busy is asked again

/** Rows, and what is done with them; `changed(row)` is told of each change of one. */
export function queue(changed) {
  const rows = [];
  let stop = new AbortController();
  let under = 0;
  let count = 0;

  /** Take a file in: its name, its path, how to open it or the reason why it cannot be. */
  function add({ name, path, open = null, reason = null }) {
    count += 1;
    const status = reason ? 'refused' : 'waiting';
    rows.push({ number: count, name, path, open, status, reason, found: null, picture: null });
  }

  /** Go on with what waits, as far as fits. */
  function proceed() {
    while (under < AT_ONCE) {
      const row = rows.find(({ status }) => status === 'waiting');
      if (!row) return;
      under += 1;
      update(row, { status: 'working' });
      outcome(row, stop.signal).then((changes) => {
        under -= 1;
        update(row, changes);
        proceed();
      });
    }
  }

  function update(row, changes) {
    Object.assign(row, changes);
    if (rows.includes(row)) changed(row); // not cleared meanwhile
  }

  /** Give up what is under way and what waits. */
  function cancel() {
    stop.abort();
    stop = new AbortController();
    for (const row of rows) if (row.status === 'waiting') update(row, { status: 'cancelled' });
  }

  function clear() {
    stop.abort();
    stop = new AbortController();
    rows.length = 0;
  }

  return { rows, add, proceed, cancel, clear };
}

/** What became of a row. */
async function outcome(row, signal) {
  let file;
  try {
    file = await row.open();
  } catch (error) {
    return { status: 'refused', reason: why(error), open: null };
  }
  let answer;
  try {
    answer = await patiently(file, signal);
  } catch (error) {
    if (signal.aborted) return { status: 'cancelled' };
    // A connection that breaks within an answer has no key.
    return { status: 'failed', reason: { key: error.key ?? 'call.lost', values: error.values } };
  }
  if (answer.status !== 'ok') return { status: answer.status, reason: answer.refusal };
  const unusual = answer.gate.grade === 'unusual' && { key: `gate.${answer.gate.key}` };
  const reason = unusual || (answer.image.burned_in ? { key: 'burned_in' } : null);
  return { status: 'done', reason, found: findings(answer), picture: answer.square };
}

async function patiently(file, signal) {
  for (const pause of PAUSES_MS) {
    signal.throwIfAborted();
    try {
      return await analyse(file, ['square'], { signal });
    } catch (error) {
      if (!error.again) throw error;
    }
    await elapsed(pause, signal);
  }
  signal.throwIfAborted();
  return analyse(file, ['square'], { signal });
}

const elapsed = (ms, signal) => new Promise((done) => {
  setTimeout(done, ms);
  signal.addEventListener('abort', done, { once: true });
});

/** What a batch keeps of an answer. */
function findings({ gate, image, probabilities, anomaly, model }) {
  const { binary, three_class: three } = probabilities;
  const { score, threshold, unusual } = anomaly;
  return {
    called: called(probabilities), pneumonia: binary.pneumonia, ...three,
    gate: gate.grade, burned_in: image.burned_in, score, threshold, unusual, classifier: model.classifier,
  };
}
