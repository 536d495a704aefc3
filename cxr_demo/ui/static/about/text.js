// The model card's prose: what it is for, where it falls short, data, licences and versions.
import { make } from '../shared/dom.js';
import { state } from '../shared/store.js';
import { number, percent, t } from '../shared/wording.js';
import { heldOutSpared } from './figures.js';
import { table } from './table.js';

const SOURCES = {
  kermany: 'https://doi.org/10.17632/rscbjbr9sj.2',
  xin: 'https://doi.org/10.1007/s10140-021-01954-x',
  bacterial_viral: 'https://pmc.ncbi.nlm.nih.gov/articles/PMC5922330/',
  rajaraman: 'https://doi.org/10.3390/app8101715',
  simsid: 'https://arxiv.org/abs/2403.08689',
};

const list = (sentences) => make('ul', {}, ...sentences.map((text) => make('li', { text })));

/** What it is and is not for. */
export const purpose = () => [
  make('p', { text: t('about.purpose.what') }),
  make('p', { text: t('about.purpose.made') }),
  make('h3', { text: t('about.purpose.for') }),
  list(['try', 'teach', 'compare'].map((name) => t(`about.purpose.for.${name}`))),
  make('h3', { text: t('about.purpose.not') }),
  list(['patients', 'others', 'kinds'].map((name) => t(`about.purpose.not.${name}`))),
];

/** What falls short, with the figures that say so. */
export function shortfalls({ evaluation }) {
  const { binary, three_class: three, detector, autoencoder, baselines } = evaluation;
  const [normals] = binary.confusion;
  const share = (value) => percent(value, 1);
  return [
    list([
      t('about.short.specificity', {
        specificity: number(binary.specificity, 3), alarms: normals[1], n: normals[0] + normals[1],
      }),
      t('about.short.published', {
        accuracy: share(binary.accuracy), three: share(three.accuracy),
      }),
      t('about.short.detector', {
        auc: number(detector.auc, 3), autoencoder: number(autoencoder.auc, 3),
      }),
      t('about.short.strange', {
        held: share(heldOutSpared(evaluation, 'detector')), test: share(detector.specificity),
      }),
      t('about.short.bacterial_viral', { recall: share(three.recall.viral) }),
      t('about.short.elsewhere'),
      t('about.short.shortcuts', {
        border: number(baselines['border only'].auc, 3),
        aspect: number(baselines['aspect only'].auc, 3),
        texture: number(baselines['texture only'].auc, 3),
      }),
      t('about.short.missed'),
      t('about.short.prior'),
      t('about.short.labels'),
    ]),
  ];
}

function source([name, href]) {
  const link = make('a', { href, target: '_blank', rel: 'noopener noreferrer', text: href });
  return make('li', {}, `${t(`about.source.${name}`)} `, link);
}

/** The artefacts that answer here beside those that were measured. */
function versions(measured) {
  const serving = state.start.model;
  const same = Object.keys(serving).every((name) => serving[name] === measured[name]);
  return [
    table(t('about.versions.caption'),
      ['part', 'serving', 'measured'].map((name) => t(`about.versions.${name}`)),
      Object.entries(serving).map(([name, hash]) => [
        t(`about.method.${name}`),
        ...[hash, measured[name]].map((text) => make('code', { text })),
      ])),
    make('p', { text: t(same ? 'about.versions.same' : 'about.versions.other') }),
  ];
}

/** Data, licences, sources and versions. */
export const data = ({ evaluation }) => [
  list(['data', 'code', 'trunk', 'pictures'].map((name) => t(`about.licence.${name}`))),
  make('h3', { text: t('about.sources') }),
  make('ul', {}, ...Object.entries(SOURCES).map(source)),
  make('p', { class: 'note', text: t('about.sources.open') }),
  make('h3', { text: t('about.versions') }),
  ...versions(evaluation.model),
];
