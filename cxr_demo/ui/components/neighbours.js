// Cards and table of neighbours.py: a reference that is pressed is picked, once more lets it go.
export default function start({ element, trigger }) {
  element.addEventListener('click', ({ target }) => {
    const { dataset: { row } = {}, ariaPressed } = target.closest('[data-row]') ?? {};
    if (row) trigger('pick', { rows: ariaPressed === 'true' ? [] : [Number(row)] });
  });
}
