/* Run when the page has loaded. `cxrPage` is what tabs do in the browser alone: files that were
   chosen or dropped stay known by name, two of one name excepted, so that a row of a batch can be
   opened; nothing of them is sent. */
() => {
  const chosen = new URL(window.location).searchParams.get('__theme');
  if (chosen === null || chosen === 'system') document.body.classList.add('dark'); // Gradio follows the system
  const files = new Map();
  const nothing = { __type__: 'update' };
  const remember = ({ target, dataTransfer }) => {
    for (const file of (dataTransfer ?? target).files ?? []) {
      const known = files.get(file.name);
      const same = known?.size === file.size && known?.lastModified === file.lastModified;
      files.set(file.name, same || !files.has(file.name) ? file : null);
    }
  };
  for (const event of ['change', 'drop']) window.addEventListener(event, remember, true);
  window.cxrPage = {
    tab: (selected) => ({ __type__: 'update', selected }),
    read(name, refusal) {
      const file = files.get(name);
      if (!file) return [nothing, refusal];
      window.cxrDropZones['drop-zone'].take([file]);
      return [this.tab('read'), nothing];
    },
    save(download, text) {
      const href = `data:text/csv;charset=utf-8,${encodeURIComponent(text)}`;
      Object.assign(document.createElement('a'), { href, download }).click();
      return [];
    },
  };
}
