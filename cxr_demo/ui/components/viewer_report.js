// The reading as a file: HTML that prints to one page of A4, or JSON. Made in the browser of what is
// on the page, so nothing is sent, and no file's name or patient's tag can get in unless it is typed.
import { FITTED } from './viewer_layers.js';
import { pane } from './viewer_paint.js';
import { judged } from './viewer_panels.js';

const STYLE = `@page { size: A4; margin: 11mm } * { box-sizing: border-box }
body { font: 9.5pt/1.35 system-ui, sans-serif; color: #111; background: #fff; max-width: 188mm; margin: 4mm auto }
h1 { font-size: 14pt; margin: 0 } h2 { font-size: 10.5pt; margin: 2.5mm 0 1mm; border-bottom: .2mm solid #999 }
p { margin: 1mm 0 } .warn { border: .4mm solid #a5301d; padding: 1.5mm 2mm; font-weight: 600 } figure { margin: 0 }
.three { display: grid; grid-template-columns: repeat(3, 1fr); gap: 3mm } .two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 6mm }
img { width: 100%; height: 56mm; object-fit: contain; background: #000 } figcaption { font-size: 8pt; color: #444 }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt } td { padding: .4mm 1.5mm; border-bottom: .1mm solid #ccc }`;

const FACTS = ['image', 'gate', 'probabilities', 'plausible', 'operating_point', 'neighbours', 'vote', 'search', 'map',
  'atypical', 'zones', 'impression', 'model']; // no embedding, no picture

const escaped = (text) => String(text).replaceAll(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
const line = (text, style = '') => (text ? `<p${style && ` class="${style}"`}>${escaped(text)}</p>` : '');
const table = (rows) => `<table>${rows.map((row) => `<tr><td>${row.join('</td><td>')}</td></tr>`).join('')}</table>`;
/** What the page says itself, in every language; `saveReport` keeps the one that is chosen. */
const said = (selector, tag = 'p') =>
  [...document.querySelectorAll(selector)].map(({ innerHTML }) => `<${tag}>${innerHTML}</${tag}>`).join('');

/** Save the report; `facts` are as `Viewer` of viewer.py says. */
export function saveReport(viewer, kind, label, facts) {
  const { t, state, reading } = viewer;
  if (!reading || state.veil) return;
  const report = { label: label?.trim() || null, date: new Date().toISOString(), disclaimer: t('disclaimer'),
    ...Object.fromEntries(FACTS.map((name) => [name, facts[name] ?? null])),
    prevalence: state.prevalence / 100, anomaly: judged(viewer),
    probes: state.probes.map(({ box, fill, found }) => ({ box, fill, probabilities: found ?? null })) };
  const content = kind === 'json' ? JSON.stringify(report, null, 1) : page(viewer, report);
  const href = `data:text/${kind};charset=utf-8,${encodeURIComponent(content)}`;
  const download = `reading-${report.date.slice(0, 19).replaceAll(/[-:]/g, '')}.${kind}`;
  Object.assign(document.createElement('a'), { href, download }).click();
}

/** The radiograph with some of the state otherwise. */
function picture(viewer, name, look) {
  const { image, state } = viewer;
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: Math.round((640 * image.height) / image.width) });
  const shown = Object.create(state, Object.getOwnPropertyDescriptors({ ...look, view: FITTED, probes: [], drawn: null }));
  pane({ ...viewer, state: shown }, canvas);
  return `<figure><img src="${canvas.toDataURL('image/jpeg', 0.9)}" alt="${name}"><figcaption>${name}</figcaption></figure>`;
}

function page(viewer, report) {
  const { t, number, percent, state } = viewer;
  const { impression: mark, gate, model } = report;
  const spoken = viewer.spoken();
  const heads = Object.values(report.probabilities ?? {}).flatMap((one) =>
    Object.entries(one).map(([name, p]) => [t(`class.${name}`), percent(p, 1)]));
  const near = (report.neighbours ?? []).slice(0, 11).map(({ id, label, similarity }, i) =>
    [i + 1, escaped(id), t(`class.${label}`), number(similarity, 3)]);
  const title = [t('report.title'), report.label].filter(Boolean).join(': ');
  const pictures = [[t('report.radiograph'), { overlay: 'none' }],
    [`${t('overlay.anomaly')}: ${t(`method.${state.method}`)}`, { overlay: 'anomaly', overlayOn: true, contour: true }],
    [t('overlay.saliency', { class: t('class.pneumonia') }), { overlay: 'saliency pneumonia', overlayOn: true }]];
  const made = new DOMParser().parseFromString(`<head><meta charset="utf-8"><title>${t('report.title')}</title>
<style>${STYLE}</style></head><body><h1>${escaped(title)}</h1>
${line(new Date(report.date).toLocaleString(spoken))}${line(report.disclaimer, 'warn')}
${line(gate?.grade === 'unusual' && `${t('gate.unusual')} ${t(`gate.${gate.key}`)}`, 'warn')}
${line(report.image?.burned_in && t('burned_in'), 'warn')}${line(report.atypical && t('atypical'), 'warn')}
<div class="three">${pictures.map(([name, look]) => picture(viewer, name, look)).join('')}</div>
<div class="two"><div><h2>${t('probabilities.title')}</h2>${table(heads)}
${said('.findings :is(.called, .set, .meaning)')}${line(t('probabilities.note'))}</div>
<div><h2>${t('neighbours.title')}</h2>${said('.findings .vote')}${table(near)}</div></div>
<h2>${t('anomaly.title')}</h2>${said('.cxr-panel :is(.said, .meant)')}<table>${said('.zones tbody tr', 'tr')}</table>
${line(report.probes.length && t('report.probes', { count: report.probes.length }))}
${line(mark && t('report.impression', { impression: t(`impression.${mark.impression}`), confidence: t(`confidence.${mark.confidence}`) }))}
${line(model && `${t('report.model')} ${Object.entries(model).map(([name, hash]) => `${name} ${hash}`).join(', ')}`)}`, 'text/html');
  for (const other of made.querySelectorAll(`[lang]:not([lang=${spoken}])`)) other.remove();
  made.documentElement.lang = spoken;
  return `<!doctype html>\n${made.documentElement.outerHTML}`;
}
