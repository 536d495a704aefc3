// The reading as a file: HTML that prints to one page of A4, or JSON. Made in the browser of what is
// on the page, so nothing is sent, and no file's name or patient's tag can get in unless it is typed.
import { FITTED } from './viewer_layers.js';
import { pane } from './viewer_paint.js';
import { judged, make } from './viewer_panels.js';

const STYLE = `@page { size: A4; margin: 11mm } * { box-sizing: border-box }
body { font: 9.5pt/1.35 system-ui, sans-serif; color: #111; background: #fff; max-width: 188mm; margin: 4mm auto }
h1 { font-size: 14pt; margin: 0 } h2 { font-size: 10.5pt; margin: 2.5mm 0 1mm; border-bottom: .2mm solid #999 }
p { margin: 1mm 0 } .warn { border: .4mm solid #a5301d; padding: 1.5mm 2mm; font-weight: 600 } figure { margin: 0 }
.three { display: grid; grid-template-columns: repeat(3, 1fr); gap: 3mm } .two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 6mm }
img { width: 100%; height: 56mm; object-fit: contain; background: #000 } figcaption { font-size: 8pt; color: #444 }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt } td { padding: .4mm 1.5mm; border-bottom: .1mm solid #ccc }`;

const FACTS = ['image', 'gate', 'probabilities', 'plausible', 'operating_point', 'neighbours', 'vote', 'search', 'map',
  'atypical', 'zones', 'impression', 'model']; // no embedding, no picture

/** Save the report; `facts` are as `Viewer.report_js` says. */
export function saveReport(viewer, kind, label, facts) {
  const { t, state, reading } = viewer;
  if (!reading || state.veil) return;
  const date = new Date();
  const said = { label: label?.trim() || null, date: date.toISOString(), disclaimer: t('disclaimer'),
    ...Object.fromEntries(FACTS.map((name) => [name, facts[name] ?? null])),
    prevalence: state.prevalence / 100, anomaly: judged(viewer),
    probes: state.probes.map(({ box, fill, found }) => ({ box, fill, probabilities: found ?? null })) };
  const content = kind === 'json' ? JSON.stringify(said, null, 1) : `<!doctype html>\n${page(viewer, said, date).outerHTML}`;
  const href = URL.createObjectURL(new Blob([content], { type: kind === 'json' ? 'application/json' : 'text/html' }));
  make('a', { href, download: `reading-${said.date.slice(0, 19).replaceAll(/[-:]/g, '')}.${kind}` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

/** The radiograph with some of the state otherwise. */
function picture(viewer, name, look) {
  const { image, state } = viewer;
  const canvas = make('canvas', { width: 640, height: Math.round((640 * image.height) / image.width) });
  const shown = Object.create(state, Object.getOwnPropertyDescriptors({ ...look, view: FITTED, probes: [], drawn: null }));
  pane({ ...viewer, state: shown }, canvas, canvas.getContext('2d'));
  return make('figure', {}, make('img', { src: canvas.toDataURL('image/jpeg', 0.9), alt: name }), make('figcaption', { text: name }));
}

function page(viewer, said, date) {
  const { t, number, percent, state } = viewer;
  const spoken = viewer.spoken();
  const line = (text, style) => text && make('p', { text, ...(style && { class: style }) });
  const table = (rows) => make('table', {}, rows.map((row) => make('tr', {}, row.map((text) => make('td', { text })))));
  // The page's own sentences, as they stand, each of them in one language.
  const text = (selector) => [...document.querySelectorAll(selector)].map((element) => {
    const copy = element.cloneNode(true);
    for (const other of copy.querySelectorAll(`[lang]:not([lang=${spoken}])`)) other.remove();
    return line([...copy.children].some((child) => child.matches('td, th'))
      ? [...copy.children].map((cell) => cell.textContent).join(' ') : copy.textContent);
  });
  const heads = Object.values(said.probabilities ?? {}).flatMap((one) =>
    Object.entries(one).map(([name, p]) => [t(`class.${name}`), percent(p, 1)]));
  const near = (said.neighbours ?? []).slice(0, 11).map(({ id, label, similarity }, i) =>
    [i + 1, id, t(`class.${label}`), number(similarity, 3)]);
  const title = t('report.title');
  const { impression: mark, gate } = said;
  return make('html', { lang: spoken },
    make('head', {}, make('meta', { charset: 'utf-8' }), make('title', { text: title }), make('style', { text: STYLE })),
    make('body', {}, make('h1', { text: said.label ? `${title}: ${said.label}` : title }),
      line(date.toLocaleString(spoken)), line(said.disclaimer, 'warn'),
      line(gate?.grade === 'unusual' && `${t('gate.unusual')} ${t(`gate.${gate.key}`)}`, 'warn'),
      line(said.image?.burned_in && t('burned_in'), 'warn'), line(said.atypical && t('atypical'), 'warn'),
      make('div', { class: 'three' }, picture(viewer, t('report.radiograph'), { overlay: 'none' }),
        picture(viewer, `${t('overlay.anomaly')}: ${t(`method.${state.method}`)}`, { overlay: 'anomaly', overlayOn: true, contour: true }),
        picture(viewer, t('overlay.saliency', { class: t('class.pneumonia') }), { overlay: 'saliency pneumonia', overlayOn: true })),
      make('div', { class: 'two' },
        make('div', {}, make('h2', { text: t('probabilities.title') }), table(heads),
          ['called', 'set', 'meaning'].map((name) => text(`.findings .${name}`)), line(t('probabilities.note'))),
        make('div', {}, make('h2', { text: t('neighbours.title') }), text('.findings .vote'), table(near))),
      make('h2', { text: t('anomaly.title') }), text('.cxr-panel .said'), text('.cxr-panel .meant'), text('.zones tbody tr'),
      line(said.probes.length && t('report.probes', { count: said.probes.length })),
      line(mark && t('report.impression', { impression: t(`impression.${mark.impression}`), confidence: t(`confidence.${mark.confidence}`) })),
      line(said.model && `${t('report.model')} ${Object.entries(said.model).map(([name, hash]) => `${name} ${hash}`).join(', ')}`)));
}
