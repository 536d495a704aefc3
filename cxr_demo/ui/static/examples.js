// Runs once with `element` (the grid of examples) and `trigger` from gr.HTML.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('choose', { index: Number(button.dataset.index) });
});

// A file dropped beside the drop zone must not open in place of the page: it goes to the drop zone.
window.addEventListener('dragover', (event) => event.preventDefault());
window.addEventListener('drop', (event) => {
  if (event.defaultPrevented || event.target.closest('#drop')) return;
  event.preventDefault();
  const zone = document.querySelector('#drop button');
  if (zone && event.dataTransfer?.files.length) {
    zone.dispatchEvent(new DragEvent('drop', { dataTransfer: event.dataTransfer }));
  }
});
