/* Run when the page has loaded. `cxrPage` is what tabs do in the browser alone: files that were
   chosen or dropped stay known by name, two of one name excepted, so that a row of a batch can be
   opened; nothing of them is sent. */
() => {
  const chosen = new URL(window.location).searchParams.get('__theme');
  if (chosen === null || chosen === 'system') document.body.classList.add('dark'); // Gradio follows the system
  const files = new Map();
  const nothing = { __type__: 'update' };
  const say = (key) => document.querySelectorAll('.toast').forEach((told) => { told.hidden = told.id !== key; });
  const remember = (event) => {
    const { items = [], files: given = [] } = event.dataTransfer ?? event.target;
    const isFolder = (item) => item.webkitGetAsEntry()?.isDirectory;
    if ([...items].some(isFolder) && !document.querySelector('#drop-zone').checkVisibility()) {
      say('drop.unreadable'); // where the drop zone cannot say so
      event.preventDefault();
      event.stopImmediatePropagation();
      window.dispatchEvent(new Event('dragleave'));
    }
    for (const file of given ?? []) {
      const known = files.get(file.name);
      const same = known?.size === file.size && known?.lastModified === file.lastModified;
      files.set(file.name, same || !files.has(file.name) ? file : null);
    }
  };
  for (const event of ['change', 'drop']) window.addEventListener(event, remember, true);
  // Numbers as people type them: a comma is a point; what is none within the field's range is taken
  // back and said; the wheel scrolls the page.
  let kept = '';
  let spoilt = false;
  const onNumber = (name, act) => window.addEventListener(name, (event) => event.target.type === 'number' && act(event.target, event), true);
  const isWrong = ({ value, validity }) => spoilt || value === '' || validity.rangeUnderflow || validity.rangeOverflow;
  onNumber('focusin', ({ value }) => { kept = value; });
  onNumber('beforeinput', ({ value }, event) => {
    const typed = event.data?.trim().replace(',', '.') ?? null;
    const again = typed === '.' && value.includes('.') && !String(getSelection()).includes('.');
    const isReadable = /^[-+\de]*\.?[-+\de]*$/i.test(typed ?? '') && !again;
    spoilt ||= again;
    if (isReadable && typed === event.data) return;
    event.preventDefault();
    if (isReadable) document.execCommand('insertText', false, typed);
    else say('number.unread');
  });
  onNumber('input', (field, event) => (isWrong(field) ? event.stopImmediatePropagation() : say(null)));
  const close = (field) => {
    const wrong = isWrong(field);
    if (wrong) field.value = kept;
    [kept, spoilt] = [field.value, false];
    if (!wrong) return;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    say('number.unread');
  };
  for (const end of ['change', 'blur']) onNumber(end, close);
  onNumber('wheel', (field) => field.blur());
  window.cxrPage = {
    read(name, refusal) {
      const file = files.get(name);
      if (!file) return [nothing, refusal];
      window.cxrDropZones['drop-zone'].take([file]);
      return [{ ...nothing, selected: 'read' }, nothing];
    },
    save(download, text) {
      const href = `data:text/csv;charset=utf-8,${encodeURIComponent(text)}`;
      Object.assign(document.createElement('a'), { href, download }).click();
      return [];
    },
  };
}
