// The reading as a file: HTML that prints to one page of A4, or JSON. Made in the browser of what is
// on the page, so nothing is sent and no file name or patient tag can get in unless it is typed.
import { byId, make, save } from '../shared/dom.js';
import { on, state } from '../shared/store.js';
import { language, number, percent, t } from '../shared/wording.js';
import { meaning, verdict } from './anomaly.js';
import { picture } from './viewer.js';

const STYLE = `@page { size: A4; margin: 11mm } * { box-sizing: border-box }
body { font: 9.5pt/1.35 system-ui, sans-serif; color: #111; max-width: 188mm; margin: 4mm auto }
h1 { font-size: 14pt; margin: 0 } h2 { font-size: 10.5pt; margin: 2.5mm 0 1mm; border-bottom: .2mm solid #999 }
p { margin: 1mm 0 } .warn { border: .4mm solid #a5301d; padding: 1.5mm 2mm; font-weight: 600 }
.pictures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 3mm } figure { margin: 0 }
.pictures img { width: 100%; height: 56mm; object-fit: contain; background: #000 }
figcaption { font-size: 8pt; color: #444 } table { border-collapse: collapse; width: 100%; font-size: 8.5pt }
th, td { text-align: left; padding: .4mm 1.5mm; border-bottom: .1mm solid #ccc }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 6mm } code { font-size: 7.5pt }`;

/** What the page says now, as plain values. */
export function summary() {
  const { reading, method, thresholds, prevalence, point, around, probes, start } = state;
  const { score, unusual, share } = verdict(reading, method, thresholds[method]);
  return {
    label: byId('report-label').value.trim() || null,
    date: new Date().toISOString(),
    disclaimer: t('disclaimer'),
    image: reading.image,
    gate: reading.gate,
    probabilities: reading.probabilities,
    plausible: reading.plausible,
    operating_point: { name: point, ...start.operating_points[point], prevalence },
    neighbours: around.neighbours.map(({ id, label, similarity }) => ({ id, label, similarity })),
    vote: around.vote,
    search: around.search,
    map: around.map,
    atypical: reading.atypical,
    anomaly: { method, score, threshold: thresholds[method], unusual, share_above: share },
    probes: probes.map(({ box, fill, found }) => ({ box, fill, probabilities: found })),
    impression: state.impression ?? null,
    model: reading.model,
  };
}

const url = async (canvas, type = 'image/jpeg') => {
  const blob = await canvas.convertToBlob({ type, quality: 0.9 });
  return new Promise((read) => {
    const reader = new FileReader();
    reader.onload = () => read(reader.result);
    reader.readAsDataURL(blob);
  });
};

/** The radiograph, its anomaly map and its saliency, as [data URI, name]. */
function pictures() {
  const anomaly = `${t('overlay.anomaly')}: ${t(`method.${state.method}`)}`;
  const looks = [
    [{ overlayOn: false, contour: false }, t('report.radiograph')],
    [{ overlay: 'anomaly', overlayOn: true, contour: true }, anomaly],
    [{ overlay: 'saliency', overlayOn: true },
      t('overlay.saliency', { class: t(`class.${state.saliencyOf}`) })],
  ];
  return Promise.all(looks.map(async ([look, name]) => [await url(picture(640, look)), name]));
}

/** The page's own sentences, as they stand. */
function sentences(said) {
  const { method, threshold } = said.anomaly;
  const shown = (id) => byId(id).textContent;
  return {
    called: shown('called'), point: shown('point-meaning'), vote: shown('vote'),
    verdict: shown('verdict'),
    threshold: meaning(method, threshold, said.operating_point.prevalence),
  };
}

function html(said, words, shots) {
  const row = (...cells) => make('tr', {}, ...cells.map((text) => make('td', { text })));
  const section = (title, ...children) => [make('h2', { text: title }), ...children];
  const heads = Object.values(said.probabilities).flatMap((head) =>
    Object.entries(head).map(([name, p]) => row(t(`class.${name}`), percent(p, 1))));
  const body = make('body', {},
    make('h1', { text: said.label ? `${t('report.title')}: ${said.label}` : t('report.title') }),
    make('p', { text: new Date(said.date).toLocaleString(language) }),
    make('p', { class: 'warn', text: said.disclaimer }),
    said.gate.grade === 'unusual'
      ? make('p', { class: 'warn', text: `${t('gate.unusual')} ${t(`gate.${said.gate.key}`)}` }) : null,
    said.image.burned_in ? make('p', { class: 'warn', text: t('burned_in') }) : null,
    make('div', { class: 'pictures' }, ...shots.map(([src, name]) =>
      make('figure', {}, make('img', { src, alt: name }), make('figcaption', { text: name })))),
    make('div', { class: 'two' },
      make('div', {}, ...section(t('probabilities.title'), make('table', {}, ...heads)),
        make('p', { text: words.called }),
        make('p', { text: words.point }),
        make('p', { text: t('probabilities.note') })),
      make('div', {}, ...section(t('neighbours.title'),
        make('p', { text: words.vote }),
        said.atypical ? make('p', { class: 'warn', text: t('atypical') }) : null,
        make('table', {}, ...said.neighbours.slice(0, 11).map(({ id, label, similarity }, i) =>
          row(i + 1, id, t(`class.${label}`), number(similarity, 3))))))),
    ...section(t('anomaly.title'),
      make('p', { text: words.verdict }), make('p', { text: words.threshold })),
    said.probes.length ? make('p', { text: t('report.probes', { count: said.probes.length }) }) : null,
    said.impression ? make('p', { text: t('report.impression', {
      impression: t(`impression.${said.impression.impression}`),
      confidence: t(`confidence.${said.impression.confidence}`),
    }) }) : null,
    make('p', {}, `${t('report.model')} `, make('code', { text:
      Object.entries(said.model).map(([name, hash]) => `${name} ${hash}`).join(', ') })));
  const head = make('head', {}, make('meta', { charset: 'utf-8' }),
    make('title', { text: t('report.title') }), make('style', { text: STYLE }));
  return `<!doctype html>\n${make('html', { lang: language }, head, body).outerHTML}`;
}

export function start() {
  const stamp = () => new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  byId('report-html').addEventListener('click', async () => {
    // Everything is taken at once: another radiograph may come while the pictures are made.
    const said = summary();
    const words = sentences(said);
    const shots = await pictures();
    save(html(said, words, shots), `reading-${stamp()}.html`, 'text/html');
  });
  byId('report-json').addEventListener('click', () =>
    save(JSON.stringify(summary(), null, 1), `reading-${stamp()}.json`, 'application/json'));
  on(['around', 'reading', 'veiled'], () => {
    const ready = state.reading && state.around && !state.veiled;
    for (const id of ['report-html', 'report-json']) byId(id).disabled = !ready;
  });
}
