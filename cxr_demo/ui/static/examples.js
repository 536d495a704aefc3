// Runs once with `element` (the grid of examples) and `trigger` from gr.HTML.
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('choose', { index: Number(button.dataset.index) });
});
