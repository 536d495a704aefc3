// Confusion matrices: what the data set says against what was called, counts and shares of the row.
import { make } from '../shared/dom.js';
import { number, percent, t } from '../shared/wording.js';
import { grid, scroller } from './table.js';

const TWO = ['normal', 'pneumonia'];
const THREE = ['normal', 'bacterial', 'viral'];
const MATRICES = { binary: TWO, three_class: THREE, knn_binary: TWO, knn_three_class: THREE };

/** A count with its share of the row; the fuller the row's share, the stronger the shade. */
function cell(count, total, right) {
  const element = make('span', { class: right ? 'cell right' : 'cell' },
    make('b', { text: number(count, 0) }),
    ` ${percent(count / total, 1)}`);
  element.style.setProperty('--share', count / total);
  return element;
}

function matrix(name, classes, { confusion, n }) {
  const caption = t(`about.caption.${name}`, { n });
  const called = classes.map((other) => t('about.called', { class: t(`class.${other}`) }));
  const rows = confusion.map((counts, row) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return [
      t('about.true', { class: t(`class.${classes[row]}`), n: total }),
      ...counts.map((count, column) => cell(count, total, row === column)),
    ];
  });
  const table = grid(caption, [t('about.true.column'), ...called], rows);
  table.dataset.matrix = name;
  return scroller(caption, table);
}

/** The section's contents, from about.json. */
export function confusions({ evaluation }) {
  return [
    make('p', { text: t('about.confusions.how') }),
    make('div', { class: 'tables' }, ...Object.entries(MATRICES).map(([name, classes]) =>
      matrix(name, classes, evaluation[name]))),
  ];
}
