// The figures of the model card: tables of what was measured, each with the number of images.
import { make } from '../shared/dom.js';
import { state } from '../shared/store.js';
import { number, percent, t } from '../shared/wording.js';
import { at, figure, table } from './table.js';

// [wording, path in evaluation.json]
const CLASSIFIER = [
  ['auc', ['binary', 'auc']],
  ['accuracy', ['binary', 'accuracy']],
  ['sensitivity', ['binary', 'sensitivity']],
  ['specificity', ['binary', 'specificity']],
  ['specificity_at', ['binary', 'specificity_at_sensitivity_0.97']],
  ['calibration', ['binary', 'expected_calibration_error']],
  ['calibration_prior', ['binary', 'expected_calibration_error_at_prior']],
  ['brier', ['binary', 'brier']],
];
const THREE_CLASS = [
  ['accuracy', ['three_class', 'accuracy']],
  ['macro_f1', ['three_class', 'macro_f1']],
  ['recall.normal', ['three_class', 'recall', 'normal']],
  ['recall.bacterial', ['three_class', 'recall', 'bacterial']],
  ['recall.viral', ['three_class', 'recall', 'viral']],
  ['bacterial_viral', ['three_class', 'bacterial_viral_auc']],
  ['calibration', ['three_class', 'expected_calibration_error']],
  ['calibration_prior', ['three_class', 'expected_calibration_error_at_prior']],
];
const VOTE = [
  ['two', ['knn_binary', 'accuracy']],
  ['two.sensitivity', ['knn_binary', 'sensitivity']],
  ['two.specificity', ['knn_binary', 'specificity']],
  ['three', ['knn_three_class', 'accuracy']],
  ['recall.normal', ['knn_three_class', 'recall', 'normal']],
  ['recall.bacterial', ['knn_three_class', 'recall', 'bacterial']],
  ['recall.viral', ['knn_three_class', 'recall', 'viral']],
];
const METHODS = ['detector', 'autoencoder'];
const measure = (name) => t(`about.measure.${name}`, { least: number(0.97, 2) });
const methods = () => METHODS.map((name) => t(`about.method.${name}`));
const caption = (name, n) => t(`about.caption.${name}`, { n });

function measures(name, evaluation, rows) {
  return table(caption(name, at(evaluation, [rows[0][1][0], 'n'])),
    [t('about.measure'), t('about.result')],
    rows.map(([key, path]) => [measure(key), figure(evaluation, path)]));
}

/** Share of held-out normals that a method's default threshold spares. */
export function heldOutSpared(evaluation, method) {
  const { normal } = state.start.methods[method];
  return normal.filter((score) => score <= evaluation[method].threshold).length / normal.length;
}

function anomaly(evaluation) {
  const row = (key, shown) => [measure(key), ...METHODS.map(shown)];
  return table(caption('anomaly', evaluation.detector.n), [t('about.measure'), ...methods()], [
    row('auc', (method) => figure(evaluation, [method, 'auc'])),
    row('default.sensitivity', (method) => figure(evaluation, [method, 'sensitivity'])),
    row('default.specificity', (method) => figure(evaluation, [method, 'specificity'])),
    row('default.held_out', (method) => number(heldOutSpared(evaluation, method), 3)),
    row('edge', (method) => percent(evaluation[method].edge_share_of_normals, 1)),
  ]);
}

function lesions(localisation) {
  const kinds = Object.keys(localisation.detector.lesions);
  const columns = ['pixel_auc', 'pointing_game', 'image_auc'];
  const rows = METHODS.flatMap((method) => kinds.map((kind) => [
    `${t(`about.method.${method}`)}: ${t(`about.lesion.${kind}`)}`,
    ...columns.map((name) => number(localisation[method].lesions[kind][name], 3)),
  ]));
  return table(caption('lesions', localisation.n_normals),
    [t('about.lesion'), ...columns.map(measure)], rows);
}

function shortcuts({ baselines, binary }) {
  const row = (name, { auc_across_training_patients: across, auc, accuracy }) => [
    name, across ? number(across, 3) : '—', number(auc, 3), number(accuracy, 3),
  ];
  return table(caption('shortcuts', binary.n),
    ['shortcut', 'auc_across', 'auc_test', 'accuracy'].map(measure), [
      ...Object.entries(baselines).map(([name, scores]) =>
        row(t(`about.shortcut.${name}`), scores)),
      row(t('about.method.classifier'), binary),
    ]);
}

function operatingPoints({ operating_points: points, binary }) {
  const held = state.start.operating_points;
  const both = (point) => `${number(point.sensitivity, 3)} / ${number(point.specificity, 3)}`;
  return table(caption('points', binary.n),
    ['point', 'threshold', 'held_out', 'test'].map(measure),
    Object.entries(points).map(([name, point]) => [
      t(`point.${name}`), number(point.threshold, 3), both(held[name]), both(point),
    ]));
}

/** What else was measured, in sentences. */
function besides({ not_sure: set, native_agreement: native }, localisation) {
  const spared = localisation.detector.specificity;
  return [
    t('about.besides.plausible', {
      coverage: percent(set.coverage, 1), size: number(set.mean_size, 2),
      sure: percent(set.share_sure, 1), right: percent(set.accuracy_where_sure, 1),
    }),
    t('about.besides.native', {
      share: percent(native['share_within_0.10'], 1), within: number(0.1, 2), n: native.n,
    }),
    t('about.besides.stress', {
      plain: percent(spared.plain, 1), contrast: percent(spared['local contrast'], 1),
      far: percent(spared['seen from 1.3 times as far'], 1),
    }),
  ];
}

/** The section's contents, from about.json. */
export function figures({ evaluation, localisation }) {
  return [
    make('p', { text: t('about.figures.how', {
      threshold: number(evaluation.binary.threshold, 1),
    }) }),
    make('div', { class: 'tables' },
      measures('binary', evaluation, CLASSIFIER),
      measures('three_class', evaluation, THREE_CLASS),
      operatingPoints(evaluation),
      shortcuts(evaluation),
      measures('vote', evaluation, VOTE),
      anomaly(evaluation),
      lesions(localisation)),
    make('ul', {}, ...besides(evaluation, localisation).map((text) => make('li', { text }))),
  ];
}
