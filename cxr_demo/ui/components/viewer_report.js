// The reading as a file: HTML that prints to one page of A4, or JSON. Made in the browser of what is
// on the page, so nothing is sent, and no file's name or patient's tag can get in unless it is typed.
import { FITTED } from './viewer_layers.js';
import { pane } from './viewer_paint.js';
import { joined, judged, table } from './viewer_panels.js';

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

/** Save the report; `facts` are as `Viewer` of viewer.py says. */
export function saveReport(viewer, kind, label, facts) {
  const { t, state, reading } = viewer;
  if (!reading || state.veil) return;
  const said = { label: label?.trim() || null, date: new Date().toISOString(), disclaimer: t('disclaimer'),
    ...Object.fromEntries(FACTS.map((name) => [name, facts[name] ?? null])),
    prevalence: state.prevalence / 100, anomaly: judged(viewer),
    probes: state.probes.map(({ box, fill, found }) => ({ box, fill, probabilities: found ?? null })) };
  const content = kind === 'json' ? JSON.stringify(said, null, 1) : page(viewer, said);
  const href = `data:text/${kind};charset=utf-8,${encodeURIComponent(content)}`;
  const download = `reading-${said.date.slice(0, 19).replaceAll(/[-:]/g, '')}.${kind}`;
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

/** The page's own sentences, as they stand, each of them in one language. */
function sentences(selector, spoken) {
  return joined([...document.querySelectorAll(selector)], (element) => {
    const copy = element.cloneNode(true);
    for (const other of copy.querySelectorAll(`[lang]:not([lang=${spoken}])`)) other.remove();
    return line(copy.matches('tr') ? [...copy.children].map((cell) => cell.textContent).join(' ') : copy.textContent);
  });
}

function page(viewer, said) {
  const { t, number, percent, state } = viewer;
  const { impression: mark, gate, model } = said;
  const spoken = viewer.spoken();
  const text = (selector) => sentences(selector, spoken);
  const heads = Object.values(said.probabilities ?? {}).flatMap((one) =>
    Object.entries(one).map(([name, p]) => [t(`class.${name}`), percent(p, 1)]));
  const near = (said.neighbours ?? []).slice(0, 11).map(({ id, label, similarity }, i) =>
    [i + 1, escaped(id), t(`class.${label}`), number(similarity, 3)]);
  const title = escaped(said.label ? `${t('report.title')}: ${said.label}` : t('report.title'));
  const pictures = [[t('report.radiograph'), { overlay: 'none' }],
    [`${t('overlay.anomaly')}: ${t(`method.${state.method}`)}`, { overlay: 'anomaly', overlayOn: true, contour: true }],
    [t('overlay.saliency', { class: t('class.pneumonia') }), { overlay: 'saliency pneumonia', overlayOn: true }]];
  return `<!doctype html>
<html lang="${spoken}"><head><meta charset="utf-8"><title>${t('report.title')}</title><style>${STYLE}</style></head><body><h1>${title}</h1>
${line(new Date(said.date).toLocaleString(spoken))}${line(said.disclaimer, 'warn')}
${line(gate?.grade === 'unusual' && `${t('gate.unusual')} ${t(`gate.${gate.key}`)}`, 'warn')}
${line(said.image?.burned_in && t('burned_in'), 'warn')}${line(said.atypical && t('atypical'), 'warn')}
<div class="three">${joined(pictures, ([name, look]) => picture(viewer, name, look))}</div>
<div class="two"><div><h2>${t('probabilities.title')}</h2><table>${table(heads)}</table>
${joined(['called', 'set', 'meaning'], (name) => text(`.findings .${name}`))}${line(t('probabilities.note'))}</div>
<div><h2>${t('neighbours.title')}</h2>${text('.findings .vote')}<table>${table(near)}</table></div></div>
<h2>${t('anomaly.title')}</h2>${text('.cxr-panel .said')}${text('.cxr-panel .meant')}${text('.zones tbody tr')}
${line(said.probes.length && t('report.probes', { count: said.probes.length }))}
${line(mark && t('report.impression', { impression: t(`impression.${mark.impression}`), confidence: t(`confidence.${mark.confidence}`) }))}
${line(model && `${t('report.model')} ${Object.entries(model).map(([name, hash]) => `${name} ${hash}`).join(', ')}`)}
</body></html>`;
}
