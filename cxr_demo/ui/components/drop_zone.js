// The drop zone of drop_zone.py: takes files wherever they are dropped on the page, pasted or chosen,
// and sends them under random names.
import { t as translated } from './words.js';

const randomName = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
const isZip = async (file) => (await file.slice(0, 4).text()).startsWith('PK\x03\x04');

export default function start({ element, props, trigger, watch, upload }) {
  const zone = element.firstElementChild;
  zone.innerHTML = '<input type="file" multiple><span class="hint" aria-hidden="true"></span><span class="told" role="status"></span>';
  const [input, hint, told] = zone.children;
  let last = null; // the radiograph sent, so that another frame of it can be asked for
  let turn = 0;
  const say = (key, values) => { told.textContent = key ? translated(props.label, key, values) : ''; };

  async function send(file) {
    return (await upload(new File([file], randomName()))).path;
  }

  async function take(files, frame = null) {
    const all = [...files]; // a list of the browser's own empties itself
    if (!all.length) return;
    const mine = (turn += 1);
    try {
      say('drop.sending', { sent: 0, count: all.length });
      const many = all.length > 1 || await isZip(all[0]);
      const sent = [];
      for (const file of all) {
        sent.push({ path: await send(file), name: file.name });
        if (mine !== turn) return; // others were dropped meanwhile
        say('drop.sending', { sent: sent.length, count: all.length });
      }
      if (!many) [last] = all;
      props.value = many ? { files: sent } : { path: sent[0].path, frame };
      trigger(many ? 'batch' : 'radiograph');
      say();
    } catch (error) {
      if (mine === turn) refuse(error);
    }
  }

  /** Say why nothing arrived: in the server's words where it has any, see guard.py. */
  function refuse(error) {
    const refusal = String(error?.message ?? error).match(/"key":\s*"([\w.]+)"/);
    say(refusal ? refusal[1] : 'call.lost');
  }

  input.addEventListener('change', () => {
    take(input.files);
    input.value = '';
  });
  const files = (event) => !event.defaultPrevented && [...event.dataTransfer?.types ?? []].includes('Files');
  window.addEventListener('dragover', (event) => {
    event.preventDefault(); // a file must never open in place of the page
    zone.classList.toggle('over', files(event));
  });
  for (const end of ['dragleave', 'drop']) window.addEventListener(end, () => zone.classList.remove('over'));
  window.addEventListener('drop', (event) => {
    if (!files(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  window.addEventListener('paste', (event) => take(event.clipboardData?.files ?? []));
  (window.cxrDropZones ??= {})[props.name] = { again: (frame) => last && take([last], Number(frame)) };
  const describe = () => {
    input.setAttribute('aria-label', translated(props.label, 'drop'));
    hint.textContent = translated(props.label, 'drop');
  };
  watch('label', describe);
  describe();
}
