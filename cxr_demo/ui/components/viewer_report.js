// The reading as a file: HTML that prints to one page of A4, or JSON. Made in the browser of what is
// on the page, so nothing is sent, and no file's name or patient's tag can get in unless it is typed.
import { FITTED } from './viewer_layers.js';
import { pane } from './viewer_paint.js';
import { judged, make } from './viewer_panels.js';
import { number, percent, spoken } from './words.js';

const STYLE = `@page { size: A4; margin: 11mm } * { box-sizing: border-box }
body { font: 9.5pt/1.35 system-ui, sans-serif; color: #111; background: #fff; max-width: 188mm; margin: 4mm auto }
h1 { font-size: 14pt; margin: 0 } h2 { font-size: 10.5pt; margin: 2.5mm 0 1mm; border-bottom: .2mm solid #999 }
p { margin: 1mm 0 } .warn { border: .4mm solid #a5301d; padding: 1.5mm 2mm; font-weight: 600 }
.three { display: grid; grid-template-columns: repeat(3, 1fr); gap: 3mm } figure { margin: 0 }
img { width: 100%; height: 56mm; object-fit: contain; background: #000 } figcaption { font-size: 8pt; color: #444 }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt } td { padding: .4mm 1.5mm; border-bottom: .1mm solid #ccc }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 6mm } code { font-size: 7.5pt }`;

/** Save the report; `facts` are as `Viewer.report_js` says. */
export async function saveReport(viewer, kind, label, facts) {
  if (!viewer.reading || viewer.state.veil) return;
  const { t, state } = viewer;
  const date = new Date();
  // Everything is taken at once: another radiograph may come while the pictures are made.
  const said = { label: label?.trim() || null, date: date.toISOString(), disclaimer: t('disclaimer'), ...facts,
    prevalence: state.prevalence / 100, anomaly: judged(viewer),
    probes: state.probes.map(({ box, fill, found }) => ({ box, fill, probabilities: found ?? null })) };
  const html = kind === 'html' && page(viewer, said, date);
  const content = html ? html.outerHTML : JSON.stringify(said, null, 1);
  const url = URL.createObjectURL(new Blob([html ? `<!doctype html>\n${content}` : content],
    { type: html ? 'text/html' : 'application/json' }));
  const stamp = said.date.slice(0, 19).replaceAll(/[-:]/g, '');
  make('a', { href: url, download: `reading-${stamp}.${kind}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The radiograph, its anomaly map and what speaks for pneumonia, as [data URI, name]. */
function pictures(viewer) {
  const { t, image, state } = viewer;
  return [
    [{ overlay: 'none' }, t('report.radiograph')],
    [{ overlay: 'anomaly', overlayOn: true, contour: true }, `${t('overlay.anomaly')}: ${t(`method.${state.method}`)}`],
    [{ overlay: 'saliency pneumonia', overlayOn: true }, t('overlay.saliency', { class: t('class.pneumonia') })],
  ].map(([look, name]) => {
    const canvas = Object.assign(document.createElement('canvas'),
      { width: 640, height: Math.round((640 * image.height) / image.width) });
    const shown = { ...state };
    Object.assign(state, look, { view: FITTED, probes: [], drawn: null });
    pane(viewer, canvas, canvas.getContext('2d'));
    delete shown.threshold;
    Object.assign(state, shown);
    return make('figure', {}, make('img', { src: canvas.toDataURL('image/jpeg', 0.9), alt: name }), make('figcaption', { text: name }));
  });
}

function page(viewer, said, date) {
  const { t, language } = viewer;
  const text = (name) => [...document.querySelectorAll(`[data-report=${name}]`)]
    .filter((element) => element.checkVisibility()).map((element) => make('p', { text: element.textContent.trim() }));
  const warn = (words) => words && make('p', { class: 'warn', text: words });
  const table = (rows) => make('table', {}, rows.map((row) => make('tr', {}, row.map((cell) => make('td', { text: cell })))));
  const heads = Object.values(said.probabilities ?? {}).flatMap((head) =>
    Object.entries(head).map(([name, p]) => [t(`class.${name}`), percent(language, p, 1)]));
  const near = (said.neighbours ?? []).slice(0, 11).map(({ id, label, similarity }, i) =>
    [i + 1, id, t(`class.${label}`), number(language, similarity, 3)]);
  const mark = said.impression;
  const title = t('report.title');
  return make('html', { lang: spoken(language) },
    make('head', {}, make('meta', { charset: 'utf-8' }), make('title', { text: title }), make('style', { text: STYLE })),
    make('body', {}, make('h1', { text: said.label ? `${title}: ${said.label}` : title }),
      make('p', { text: date.toLocaleString(spoken(language)) }), warn(said.disclaimer),
      warn(said.gate?.grade === 'unusual' && `${t('gate.unusual')} ${t(`gate.${said.gate.key}`)}`),
      warn(said.image?.burned_in && t('burned_in')), make('div', { class: 'three' }, pictures(viewer)),
      make('div', { class: 'two' },
        make('div', {}, make('h2', { text: t('probabilities.title') }), table(heads), text('called'), text('point'),
          make('p', { text: t('probabilities.note') })),
        make('div', {}, make('h2', { text: t('neighbours.title') }), text('vote'), warn(said.atypical && t('atypical')), table(near))),
      make('h2', { text: t('anomaly.title') }), text('verdict'), text('meaning'), text('zones'),
      said.probes.length && make('p', { text: t('report.probes', { count: said.probes.length }) }),
      mark && make('p', { text: t('report.impression', { impression: t(`impression.${mark.impression}`), confidence: t(`confidence.${mark.confidence}`) }) }),
      said.model && make('p', {}, `${t('report.model')} `,
        make('code', { text: Object.entries(said.model).map(([name, hash]) => `${name} ${hash}`).join(', ') }))));
}
