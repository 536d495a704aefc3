// The drop zone of drop_zone.py: takes files wherever they are dropped on the page, pasted or
// chosen, and sends them under random names.
import { words } from './words.js';

const ZIP = 'PK\x03\x04';
const randomName = () => crypto.getRandomValues(new Uint32Array(4)).join('');

/** Why files did not arrive: the key of a sentence and its values. */
function refusalIn(error) {
  if (error instanceof DOMException) return { key: 'drop.unreadable' }; // the browser's own, on reading
  const said = String(error?.message ?? error); // Gradio's own, or a refusal of ours, see limits.py
  if (said.includes('maximum allowed size')) return { key: 'call.too_large' };
  try {
    return JSON.parse(said.slice(said.indexOf('{'))).refusal;
  } catch {
    return { key: 'call.lost' };
  }
}

export default function start({ element, props, trigger, upload }) {
  const { t } = words(props);
  const zone = element.firstElementChild;
  const [input, told] = zone.querySelectorAll('input, .told');
  let last = null; // the radiograph sent, so that another frame of it can be asked for
  let turn = 0;
  const say = (key, values) => { told.textContent = key ? t(key, values) : ''; };

  async function take(files, frame = null) {
    const all = [...files]; // a list of the browser's own empties itself
    if (!all.length) return;
    const mine = (turn += 1);
    const sent = [];
    try {
      const heads = await Promise.all(all.map((file) => file.slice(0, 4).text()));
      const many = all.length > 1 || heads[0] === ZIP;
      for (const file of all) {
        say('drop.sending', { sent: sent.length, count: all.length });
        sent.push({ path: (await upload(new File([file], randomName()))).path, name: file.name });
        if (mine !== turn) return; // others were dropped meanwhile
      }
      if (!many) [last] = all;
      props.value = many ? { files: sent } : { path: sent[0].path, frame };
      trigger(many ? 'batch' : 'radiograph');
      say();
    } catch (error) {
      const gone = await Promise.all(all.map((file) => file.slice(0, 1).text())).then(() => null, (one) => one);
      const { key, values } = refusalIn(gone ?? error);
      if (mine === turn) say(key, values);
    }
  }

  const holds = (event) => event.dataTransfer?.types.includes('Files');
  input.addEventListener('change', () => {
    take(input.files);
    input.value = '';
  });
  window.addEventListener('paste', (event) => take(event.clipboardData?.files ?? []));
  window.addEventListener('dragover', (event) => {
    zone.classList.toggle('over', holds(event));
    event.preventDefault(); // a file must never open in place of the page
  });
  window.addEventListener('drop', (event) => {
    if (holds(event)) take(event.dataTransfer.files);
    zone.classList.remove('over');
    event.preventDefault();
  });
  window.addEventListener('dragleave', () => zone.classList.remove('over'));
  const again = (frame) => last && take([last], Number(frame));
  (window.cxrDropZones ??= {})[props.name] = { take, again };
}
