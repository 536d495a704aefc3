/* Run when the page has loaded. `cxrPage` is what tabs do in the browser alone: files that were
   chosen or dropped stay known by name, two of one name excepted, so that a row of a batch can be
   opened; nothing of them is sent. */
() => {
  const chosen = new URL(window.location).searchParams.get('__theme');
  if (chosen === null || chosen === 'system') document.body.classList.add('dark'); // Gradio follows the system
  const files = new Map();
  const nothing = { __type__: 'update' };
  const tab = (selected) => ({ __type__: 'update', selected });
  const remember = ({ target, dataTransfer }) => {
    for (const file of (dataTransfer ?? target).files ?? []) {
      const known = files.get(file.name);
      const same = known?.size === file.size && known?.lastModified === file.lastModified;
      files.set(file.name, same || !files.has(file.name) ? file : null);
    }
  };
  for (const event of ['change', 'drop']) window.addEventListener(event, remember, true);
  window.cxrPage = {
    tab,
    read(name, refusal) {
      const file = files.get(name);
      if (!file) return [nothing, refusal];
      const one = new DataTransfer();
      one.items.add(file);
      const input = document.querySelector('#drop-zone input[type=file]');
      input.files = one.files;
      input.dispatchEvent(new Event('change'));
      return [tab('read'), nothing];
    },
    save(name, text) {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      return [];
    },
  };
}
