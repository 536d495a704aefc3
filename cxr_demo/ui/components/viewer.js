// The viewer of viewer.py: its state, its tools, and what happens to it. What is painted follows from
// the state, at most once per screen refresh, and so do the panels elsewhere on the page.
import { WINDOWS, listen, useWindow, zoomBy } from './viewer_gestures.js';
import { FITTED, decode, unpack } from './viewer_layers.js';
import { overlayOf, paint } from './viewer_paint.js';
import * as panels from './viewer_panels.js';
import { saveReport } from './viewer_report.js';
import { number, percent, t } from './words.js';

const MARKUP = `<div class="stage"><canvas tabindex="0" role="img"></canvas>
<canvas tabindex="0" role="img" hidden></canvas>
<input type="range" class="curtain" min="0" max="1" step="0.01" value="0.5" autocomplete="off" hidden>
<p class="nothing"></p><div class="tools" role="group"></div><p class="caption"></p><p class="readout"></p>
<details class="keys"><summary>?</summary><p></p></details></div><div class="scale"><span></span><span class="ramp"><i></i></span><span></span></div>`;
const BUTTONS = { // name → [sentence, icon]
  window: ['tool.window', '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"/>'],
  pan: ['tool.pan', '<path d="M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3"/>'],
  zoom: ['tool.zoom', '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M20 20l-4.8-4.8"/>'],
  probe: ['tool.probe', '<path d="M5 5h14v14H5z" stroke-dasharray="4 3"/>'],
  zoomIn: ['zoom.in', '<path d="M12 5v14M5 12h14"/>'],
  zoomOut: ['zoom.out', '<path d="M5 12h14"/>'],
  inverted: ['invert', '<path d="M4 4h16v16H4z"/><path d="M20 4v16H4z" fill="currentColor"/>'],
  overlayOn: ['overlay.on', '<path d="M12 4l9 5-9 5-9-5zM3 14l9 5 9-5"/>'],
  contour: ['contour', '<path d="M6 8c3-5 11-4 12 2s-3 9-7 8-9-4-5-10z"/>'],
  reset: ['reset', '<path d="M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5"/>'],
};
const TOOLS = ['window', 'pan', 'zoom', 'probe'];
const SWITCHES = ['inverted', 'overlayOn', 'contour'];
const known = {}; // by name: {panels, viewer}

export default function start({ element, props, trigger, watch }) {
  const mine = (known[props.name] ??= { panels: [] });
  const root = element.firstElementChild;
  if (props.panel) {
    mine.panels = [...mine.panels.filter((other) => other.root.isConnected), { root, panel: props.panel }];
    mine.viewer?.repaint();
    return;
  }
  const viewer = (mine.viewer = new Viewer(root, props, trigger, mine));
  (window.cxrViewers ??= {})[props.name] = viewer;
  watch('label', () => viewer.describe());
  watch('value', () => viewer.show(props.value));
  watch('compare', () => viewer.hold(props.compare));
  watch('probed', () => viewer.answered(props.probed ?? {}));
  viewer.show(props.value);
}

class Viewer {
  constructor(root, props, trigger, mine) {
    Object.assign(this, { root, props, trigger, mine, kept: {}, image: null, reading: null, calls: 0 });
    this.t = (key, values) => t(this.language, key, values);
    const thresholds = Object.fromEntries(Object.entries(props.methods).map(([name, { presets }]) =>
      [name, Object.values(presets)[0]]));
    this.state = {
      tool: 'window', view: FITTED, window: WINDOWS[1], inverted: false, overlay: 'anomaly',
      overlayOn: true, contour: true, opacity: 0.6, method: Object.keys(thresholds)[0], thresholds,
      get threshold() { return this.thresholds[this.method]; },
      prevalence: 50, compare: 'single', curtain: 0.5, fill: 'blur', veil: null, drawn: null, probes: [],
    };
    root.innerHTML = MARKUP;
    this.find = (selector) => root.querySelector(selector);
    this.canvases = [...root.querySelectorAll('canvas')];
    for (const [name, [, icon]] of Object.entries(BUTTONS)) {
      const button = panels.make('button', { type: 'button', 'data-tool': name, onclick: () => this.press(name) });
      button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true">${icon}</svg>`;
      this.find('.tools').append(button);
    }
    this.find('.tools').append(panels.make('select', { autocomplete: 'off', onchange: ({ target }) => {
      if (this.image && target.value) useWindow(this, target.value);
      target.value = '';
    } }));
    this.find('.curtain').addEventListener('input', ({ target }) => this.change({ curtain: target.valueAsNumber }));
    this.find('.keys p').id = `${props.name}-keys`;
    for (const canvas of this.canvases) {
      canvas.setAttribute('aria-describedby', `${props.name}-keys`);
      listen(canvas, this);
    }
    new ResizeObserver(() => this.repaint()).observe(this.find('.stage'));
  }

  get language() { return this.props.label; }

  /** What the radiograph is compared with, while it may be, and how. */
  get other() { return this.state.veil ? null : this.held ?? this.reading?.reconstruction; }

  get mode() { return this.other ? this.state.compare : 'single'; }

  /** Put a value of Python's on the canvas; everything of the one before goes. */
  async show(sent) {
    const value = (this.showing = sent || null);
    this.held = null;
    const [image, picture] = value ? await Promise.all([decode(value.view.png, value.view.bits),
      value.reconstruction && decode(value.reconstruction.png)]) : [];
    if (value !== this.showing) return; // another came meanwhile
    const map = (packed) => packed && { ...packed, ...unpack(packed.values) };
    const all = (packed) => Object.fromEntries(Object.entries(packed ?? {}).map(([name, one]) => [name, map(one)]));
    this.image = image ?? null;
    this.reading = value && { ...value, maps: all(value.maps), saliency: all(value.saliency),
      difference: map(value.difference), reconstruction: picture && { ...value.reconstruction, picture } };
    Object.assign(this.state, { veil: value?.veil ?? null, probes: [], drawn: null, compare: 'single' });
    this.reset();
    this.describe();
  }

  /** Hold a reference beside the radiograph, or the reconstruction again. */
  async hold(sent) {
    this.wanted = sent;
    const picture = sent && await decode(sent.png);
    if (sent !== this.wanted) return;
    this.held = sent && { ...sent, picture };
    this.change(sent && this.state.compare === 'single' ? { compare: 'side' } : {});
  }

  change(what) {
    Object.assign(this.state, what);
    this.repaint();
  }

  /** Change one of the SETTINGS of viewer.py. */
  set(name, value) {
    const { method, thresholds } = this.state;
    if (name === 'threshold') {
      const { range: [low, high], step } = this.props.methods[method];
      const rounded = Math.round(Math.min(Math.max(Number(value), low), high) / step) * step;
      this.change({ thresholds: { ...thresholds, [method]: Number(rounded.toFixed(panels.decimals(step))) } });
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

  toggle(name) {
    this.change({ [name]: !this.state[name] });
    this.trigger('state');
  }

  reset() { this.change({ view: FITTED, window: WINDOWS[1], inverted: false }); }

  press(name) {
    if (TOOLS.includes(name)) this.change({ tool: name, drawn: null });
    else if (SWITCHES.includes(name)) this.toggle(name);
    else if (this.image && name === 'reset') this.reset();
    else if (this.image) zoomBy(this, this.canvases[0], name === 'zoomIn' ? 1.25 : 0.8);
  }

  /** Ask for the networks' answer without one more box; one question at a time. */
  hide(box) {
    const { probes, fill, veil } = this.state;
    if (veil || probes.some(({ call }) => call)) return;
    const call = (this.calls += 1);
    this.change({ probes: [...probes, { box, fill, call }] });
    this.trigger('probe', { id: this.reading.id, call, fill, hidden: [...probes.map((probe) => probe.box), box] });
  }

  answered({ id, call, found }) {
    if (id !== this.reading?.id) return;
    this.change({ probes: this.state.probes.flatMap((probe) =>
      (probe.call !== call ? [probe] : found ? [{ ...probe, call: null, found }] : [])) });
  }

  undo() { this.change({ probes: this.state.probes.slice(0, -1) }); }

  clear() { this.change({ probes: [] }); }

  report(kind, label, facts) { return saveReport(this, kind, label, facts ?? {}); }

  /** `data-paint-ms` says how long the last painting took: sliders must not wait for it. */
  repaint() {
    this.scheduled ??= requestAnimationFrame(() => {
      this.scheduled = null;
      const began = performance.now();
      this.reflect();
      paint(this, this.canvases);
      for (const { root, panel } of this.mine.panels) panels[panel](root, this);
      this.canvases[0].dataset.paintMs = (performance.now() - began).toFixed(2);
    });
  }

  /** Everything in words, in the reader's language. */
  describe() {
    const { reading, t: say } = this;
    const [primary, secondary] = this.canvases;
    primary.setAttribute('aria-label', reading
      ? say('viewer.label', { width: reading.size[1], height: reading.size[0] }) : say('viewer.empty'));
    secondary.setAttribute('aria-label', say('compare.label'));
    this.find('.keys p').textContent = say('viewer.keys');
    this.find('.keys summary').setAttribute('aria-label', say('viewer.keys.title'));
    this.find('.nothing').textContent = say('viewer.empty');
    this.find('.curtain').setAttribute('aria-label', say('compare.curtain'));
    this.find('.tools').setAttribute('aria-label', say('viewer.tools'));
    for (const [name, [key]] of Object.entries(BUTTONS)) {
      const button = this.find(`[data-tool=${name}]`);
      button.setAttribute('aria-label', say(key));
      button.title = key.startsWith('zoom.') ? say(key) : say(`${key}.why`);
    }
    const preset = this.find('select');
    preset.setAttribute('aria-label', say('window.preset'));
    preset.replaceChildren(...['', ...Object.keys(WINDOWS)].map((number) => panels.make('option',
      { value: number, text: number ? `${number} ${say(`window.${number}`)}` : say('window.preset') })));
    this.repaint();
  }

  /** The controls and the scale as the state has them. */
  reflect() {
    const { state, language, mode, t: say } = this;
    this.root.classList.toggle('empty', !this.image);
    for (const button of this.root.querySelectorAll('[data-tool]')) {
      const name = button.dataset.tool;
      if (TOOLS.includes(name)) button.setAttribute('aria-pressed', state.tool === name);
      if (SWITCHES.includes(name)) button.setAttribute('aria-pressed', state[name]);
    }
    this.canvases[1].hidden = mode !== 'side';
    this.find('.curtain').hidden = mode !== 'curtain';
    this.find('.caption').textContent = mode === 'single' ? '' : this.held?.label ?? say('compare.reconstruction');
    this.find('.readout').textContent = this.image ? say('viewer.readout', {
      level: percent(language, state.window.level), width: percent(language, state.window.width),
      zoom: number(language, state.view.zoom, 1) }) : '';
    const overlay = state.veil ? null : overlayOf(this);
    this.find('.scale').style.visibility = overlay ? '' : 'hidden';
    if (!overlay) return;
    const { ends: [low, high], unit, threshold } = overlay;
    const [from, ramp, to] = this.find('.scale').children;
    const shown = (value) => number(language, Math.abs(value), high < 0.1 ? 2 : high % 1 ? 1 : 0);
    from.textContent = low < 0 ? `−${shown(low)}` : shown(low);
    to.textContent = `${low < 0 ? '+' : ''}${shown(high)} ${say(unit)}`;
    const colours = low < 0 ? ['rgb(86 180 233)', 'transparent', 'rgb(230 159 0)']
      : this.props.ramp.filter((_, i) => i % 15 === 0).map((rgb) => `rgb(${rgb})`);
    ramp.style.background = `linear-gradient(to right, ${colours})`;
    ramp.firstChild.hidden = threshold === undefined;
    ramp.firstChild.style.left = `${(100 * (threshold ?? 0)) / high}%`;
  }
}
