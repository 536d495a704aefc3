// The viewer of viewer.py: its state, its tools, and what happens to it. What is painted follows from
// the state, at most once per screen refresh, and so do the panels elsewhere on the page.
import { listen, useWindow, zoomBy } from './viewer_gestures.js';
import { FITTED, clamp, decode, unpack } from './viewer_layers.js';
import { overlayOf, paint } from './viewer_paint.js';
import * as panels from './viewer_panels.js';
import { saveReport } from './viewer_report.js';
import { words } from './words.js';

const TOOLS = ['window', 'pan', 'zoom', 'probe'];

export default function start({ element, props, trigger, watch }) {
  const root = element.firstElementChild;
  const viewers = (window.cxrViewers ??= {});
  if (props.panel) {
    root.addEventListener('click', (event) => panels.choose(event, viewers[props.name]));
    return viewers[props.name]?.describe();
  }
  const viewer = (viewers[props.name] = new Viewer(root, props, trigger));
  watch('label', () => viewer.describe());
  watch('value', () => viewer.show(props.value));
  watch('compare', () => viewer.hold(props.compare));
  watch('probed', () => viewer.answered(props.probed ?? {}));
  viewer.show(props.value);
}

class Viewer {
  constructor(root, props, trigger) {
    Object.assign(this, words(props), { root, props, trigger, kept: {}, image: null, reading: null, calls: 0 });
    const defaults = Object.entries(props.methods).map(([name, { presets }]) => [name, Object.values(presets)[0]]);
    this.state = {
      tool: 'window', view: FITTED, window: props.windows[1], inverted: false, overlay: 'anomaly', overlayOn: true,
      contour: true, opacity: 0.6, method: defaults[0][0], thresholds: Object.fromEntries(defaults),
      get threshold() { return this.thresholds[this.method]; },
      prevalence: 50, compare: 'single', curtain: 0.5, fill: 'blur', veil: null, drawn: null, probes: [],
    };
    this.find = (selector) => root.querySelector(selector);
    this.canvases = [...root.querySelectorAll('canvas')];
    for (const canvas of this.canvases) listen(canvas, this);
    this.find('.tools').addEventListener('click', ({ target }) => this.press(target.closest('[data-tool]')?.dataset.tool));
    this.find('select').addEventListener('change', ({ target }) => {
      if (this.image && target.value) useWindow(this, target.value);
      target.value = '';
    });
    this.find('.curtain').addEventListener('input', ({ target }) => this.change({ curtain: target.valueAsNumber }));
    new ResizeObserver(() => this.repaint()).observe(this.find('.stage'));
  }

  /** What the radiograph is compared with, while it may be, and how. */
  get other() { return this.state.veil ? null : this.held ?? this.reading?.reconstruction; }
  get mode() { return this.other ? this.state.compare : 'single'; }

  /** Put a value of Python's on the canvas; everything of the one before goes. */
  async show(sent) {
    const value = (this.showing = sent || null);
    this.held = null;
    this.props.compare = false; // so that the same reference may come again
    const { view, reconstruction } = value ?? {};
    const pictures = [view, reconstruction].map((one) => one && decode(one.png));
    const [image, picture] = await Promise.all(pictures);
    if (value !== this.showing) return; // another came meanwhile
    this.image = image ?? null;
    const maps = Object.fromEntries(Object.entries(value?.maps ?? {}).map(([name, map]) => [name, unpack(map)]));
    this.reading = value && { ...value, maps, reconstruction: picture && { ...reconstruction, picture } };
    Object.assign(this.state, { veil: value?.veil ?? null, probes: [], drawn: null, compare: 'single' });
    this.reset();
    this.describe();
    this.trigger('state');
  }

  /** Hold a reference beside the radiograph, or the reconstruction again. */
  async hold(sent) {
    this.wanted = sent;
    const picture = sent && await decode(sent.png);
    if (sent !== this.wanted) return;
    this.held = sent ? { ...sent, picture } : null;
    this.change(sent && this.state.compare === 'single' ? { compare: 'side' } : {});
    this.trigger('state');
  }

  change(what) {
    Object.assign(this.state, what);
    this.repaint();
  }

  /** Change one of the settings of viewer.py. */
  set(name, value) {
    const { method, thresholds } = this.state;
    if (name === 'threshold') {
      const { range, step } = this.props.methods[method];
      const rounded = clamp(Number(value), ...range).toFixed(panels.decimals(step));
      this.change({ thresholds: { ...thresholds, [method]: Number(rounded) } });
    } else this.change({ [name]: value, ...(name === 'fill' && { probes: [] }) });
  }

  /** The threshold from elsewhere than the slider, which has to be told. */
  choose(threshold) {
    this.set('threshold', threshold);
    this.trigger('threshold');
  }

  /** The update that puts the threshold's slider where the threshold is. */
  slider() {
    const { range: [minimum, maximum], step } = this.props.methods[this.state.method];
    return { __type__: 'update', minimum, maximum, step, value: this.state.threshold };
  }

  press(name) {
    if (TOOLS.includes(name)) this.change({ tool: name, drawn: null });
    else if (name === 'reset') this.reset();
    else if (name in this.state) {
      this.change({ [name]: !this.state[name] });
      this.trigger('state');
    } else if (name) zoomBy(this, this.canvases[0], name === 'in' ? 1.25 : 0.8);
  }

  /** Ask for the networks' answer without one more box; one question at a time. */
  hide(box) {
    const { probes, fill, veil } = this.state;
    if (veil || probes.some(({ call }) => call)) return;
    const call = (this.calls += 1);
    this.change({ probes: [...probes, { box, fill, call }] });
    this.trigger('probe', { id: this.reading.id, call, fill, hidden: this.state.probes.map((probe) => probe.box) });
  }

  answered({ id, call, found, rows }) {
    if (id !== this.reading?.id) return;
    this.change({ probes: this.state.probes.flatMap((probe) =>
      (probe.call !== call ? [probe] : found ? [{ ...probe, call: null, found, rows }] : [])) });
  }

  undo() { this.change({ probes: this.state.probes.slice(0, -1) }); }
  clear() { this.change({ probes: [] }); }
  reset() { this.change({ view: FITTED, window: this.props.windows[1], inverted: false }); }
  report(kind, label, facts) { return saveReport(this, kind, label, facts ?? {}); }

  panels() { return document.querySelectorAll(`.cxr-panel[data-viewer=${this.props.name}]`); }

  /** `data-paint-ms` says how long the last painting took: sliders must not wait for it. */
  repaint() {
    this.scheduled ??= requestAnimationFrame(() => {
      this.scheduled = null;
      const began = performance.now();
      this.reflect();
      paint(this, ...this.canvases);
      for (const root of this.panels()) panels[root.dataset.panel](root, this);
      this.canvases[0].dataset.paintMs = (performance.now() - began).toFixed(2);
    });
  }

  /** All that does not change with the state, in the reader's language. */
  describe() {
    const [height, width] = this.reading?.size ?? [];
    const named = [this.root, ...this.panels()].flatMap((root) => [...root.querySelectorAll('[data-label], [data-t]')]);
    for (const element of named) {
      const { t: text, label, title } = element.dataset;
      if (text) element.textContent = `${element.value} ${this.t(text)}`;
      if (label) element.setAttribute('aria-label', this.t(label));
      if (title) element.title = this.t(title);
    }
    this.canvases[0].setAttribute('aria-label', width ? this.t('viewer.label', { width, height }) : this.t('viewer.empty'));
    this.repaint();
  }

  /** The controls and the scale as the state has them. */
  reflect() {
    const { image, state, number, percent, mode } = this;
    this.root.classList.toggle('empty', !image);
    for (const button of this.root.querySelectorAll('[data-tool]')) {
      const name = button.dataset.tool;
      const pressed = TOOLS.includes(name) ? state.tool === name : state[name];
      if (pressed !== undefined) button.setAttribute('aria-pressed', pressed);
    }
    this.canvases[1].hidden = mode === 'single';
    this.find('.curtain').hidden = mode !== 'curtain';
    const stage = this.find('.stage');
    const { clientWidth: width, clientHeight: height } = stage;
    const wide = image?.width / image?.height > width / height;
    stage.classList.toggle('stacked', wide); // side by side, but larger
    stage.style.setProperty('--curtain', state.curtain);
    this.find('.caption').textContent = mode === 'single' ? '' : this.held?.label ?? this.t('compare.reconstruction');
    this.find('.readout').textContent = image ? this.t('viewer.readout', {
      level: percent(state.window.level), width: percent(state.window.width),
      zoom: number(state.view.zoom, 1) }) : '';
    const { name, end, threshold } = overlayOf(this) ?? {};
    for (const scale of this.root.querySelectorAll('.scale')) {
      scale.hidden = scale.dataset.overlay !== name;
      const mark = scale.querySelector('i');
      mark.hidden = threshold === undefined;
      mark.style.left = `${(100 * threshold) / end}%`;
    }
  }
}
