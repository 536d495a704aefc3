// The reading as a file: HTML that prints to one page of A4, or JSON. Made in the browser of what is
// on the page, so nothing is sent, and no file's name or patient's tag can get in unless it is typed.
import { FITTED } from './viewer_layers.js';
import { pane } from './viewer_paint.js';
import { judged } from './viewer_panels.js';

const FACTS = ['image', 'gate', 'probabilities', 'plausible', 'operating_point', 'neighbours', 'vote', 'search', 'map',
  'atypical', 'zones', 'impression', 'model']; // no embedding, no picture

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

/** The radiograph as a data URI, with another overlay than on the stage. */
function picture(viewer, overlay) {
  const { image, state } = viewer;
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: Math.round((640 * image.height) / image.width) });
  const look = { overlay, overlayOn: true, contour: true, view: FITTED, probes: [], drawn: null };
  pane({ ...viewer, state: Object.create(state, Object.getOwnPropertyDescriptors(look)) }, canvas);
  return canvas.toDataURL('image/jpeg', 0.9);
}

/** The document of wording/report_html.py, filled in. */
function page(viewer, { label, date, image, gate, atypical, probes, impression: mark, model }) {
  const { t, state, props, spoken } = viewer;
  const made = new DOMParser().parseFromString(props.report, 'text/html');
  const lines = { label: [label], date: [new Date(date).toLocaleString(spoken())], method: [t(`method.${state.method}`)],
    warnings: [gate?.grade === 'unusual' && `${t('gate.unusual')} ${t(`gate.${gate.key}`)}`,
      image?.burned_in && t('burned_in'), image?.tinted && t('tinted'), atypical && t('atypical')],
    notes: [probes.length && t('report.probes', { count: probes.length }),
      mark && t('report.impression', { impression: t(`impression.${mark.impression}`), confidence: t(`confidence.${mark.confidence}`) }),
      model && `${t('report.model')} ${Object.entries(model).map((one) => one.join(' ')).join(', ')}`] };
  for (const place of made.querySelectorAll('[data-fill], [data-from], [data-look]')) {
    const { fill, from, look } = place.dataset;
    if (look) place.src = picture(viewer, look);
    else if (from) place.append(...[...document.querySelectorAll(from)].map((found) => made.importNode(found, true)));
    else place.append(...lines[fill].filter(Boolean).map((textContent) => Object.assign(made.createElement('p'), { textContent })));
  }
  for (const other of made.querySelectorAll(`[lang]:not([lang=${spoken()}])`)) other.remove();
  made.documentElement.lang = spoken();
  made.title = t('report.title');
  return `<!doctype html>\n${made.documentElement.outerHTML}`;
}
