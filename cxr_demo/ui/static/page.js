() => {
  // Runs once when the page has loaded.
  document.body.classList.add('dark');

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
}
