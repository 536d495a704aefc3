// How training went: which quantities of each network's history are drawn together.
import { make } from '../shared/dom.js';
import { t } from '../shared/wording.js';
import { lineChart } from './charts.js';
import { at } from './table.js';

// Each chart: [wording, unit, decimals, {wording of a line: path in an epoch's entry}]
const CHARTS = {
  classifier: [
    ['loss', 'loss', 3, {
      total: ['loss'], binary: ['binary_loss'], three_class: ['three_class_loss'],
    }],
    ['auc', 'auc', 4, { plain: ['validation', 'auc'], stressed: ['validation_stressed', 'auc'] }],
    ['accuracy', 'accuracy', 4, {
      binary: ['validation', 'accuracy'], three_class: ['validation', 'three_class_accuracy'],
    }],
  ],
  detector: [
    ['loss', 'loss', 3, { total: ['loss'] }],
    ['auc', 'auc', 3, {
      opacity: ['auc', 'soft opacity'],
      blob: ['auc', 'consolidation-like blob'],
      line: ['auc', 'device-like line'],
    }],
  ],
  autoencoder: [
    ['loss', 'error', 4, { training: ['loss'], held_out: ['validation_normals_mse'] }],
  ],
};

/** The epoch, counted through, with which another stage begins; null where there is one stage. */
function secondStage(history) {
  const index = history.findIndex(({ stage }) => stage !== history[0].stage);
  return index < 0 ? null : index + 1;
}

function chart(network, history, [name, unit, decimals, lines]) {
  return lineChart({
    title: t(`about.training.${network}.${name}`),
    unit: t(`about.unit.${unit}`),
    decimals,
    stage: secondStage(history),
    series: Object.entries(lines).map(([line, path]) => ({
      name: t(`about.line.${line}`), values: history.map((epoch) => at(epoch, path)),
    })),
  });
}

/** The section's contents, from about.json. */
export function training({ histories }) {
  return [
    make('p', { text: t('about.training.how') }),
    ...Object.entries(CHARTS).flatMap(([network, charts]) => [
      make('h3', { text: t(`about.method.${network}`) }),
      make('p', { class: 'note', text: t(`about.training.${network}`, {
        epochs: histories[network].length,
      }) }),
      make('div', { class: 'charts', data: { network } },
        ...charts.map((one) => chart(network, histories[network], one))),
    ]),
  ];
}
