// SliceViewer in the browser, after slices.js: everything between two volumes happens here, without the server.
const PLANES = ["axial", "coronal", "sagittal"];
const MASK_MODES = ["outline", "fill", "off"];
const FILL = {now: [0xd5, 0x5e, 0x00], baseline: [0x00, 0x72, 0xb2]};
const LINE = {now: "#D55E00", baseline: "#0072B2"};
const STILL = {sync: false};

const h = (tag, attributes = {}, ...children) => {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) el.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) el.setAttribute(key, value === true ? "" : value);
  }
  el.append(...children);
  return el;
};
const write = (el, text) => void (el.textContent === text || (el.textContent = text));
const press = (el, on) => void (el.getAttribute("aria-pressed") === String(on) || el.setAttribute("aria-pressed", on));

class Viewer {
  constructor(model) {
    this.model = model;
    const [volume, baseline] = model.axial.tags;
    this.sources = {now: volume, baseline};
    this.volumes = {};
    this.mode = "outline";
    this.opacity = 0.35;
    this.zoom = 1;
    this.active = "axial";
    this.before = false;
    this.panels = {};
    this.build();
    this.stops = [];
    for (const which of ["now", "baseline"]) {
      const read = () => this.receive(which);
      this.sources[which].properties.data.change.connect(read);
      this.stops.push(() => this.sources[which].properties.data.change.disconnect(read));
    }
    this.listen();
    this.receive("baseline");
    this.receive("now");
  }

  // ---- page
  build() {
    const views = PLANES.map((name) => this.buildPanel(name));
    this.presetBox = h("div", {class: "presets", role: "group", "aria-label": "Window presets, keys 1 to 5"});
    this.level = h("output", {class: "level", title: "Window: drag on a slice to change it"});
    this.maskButton = h("button", {type: "button", class: "chip", title: "Mask: outline, fill, off (m)",
      onclick: () => this.nextMask()});
    this.opacityInput = h("input", {type: "range", min: 0.05, max: 1, step: 0.05, value: this.opacity,
      "aria-label": "Mask opacity", oninput: (e) => ((this.opacity = +e.target.value), this.draw())});
    this.zoomButton = h("button", {type: "button", class: "chip", title: "Zoom to the region and back (z); ctrl + wheel",
      onclick: () => this.toggleZoom()}, "Zoom");
    const hold = (on) => (e) => (e.preventDefault(), this.showBefore(on));
    this.beforeButton = h("button", {type: "button", class: "chip", title: "Hold to see the baseline (space)",
      onpointerdown: hold(true), onpointerup: hold(false), onpointerleave: hold(false), onpointercancel: hold(false),
      oncontextmenu: (e) => e.preventDefault(),
      onkeydown: (e) => e.key === "Enter" && this.showBefore(!this.before)}, "Hold: before");
    this.probe = h("p", {class: "probe"});
    this.live = h("p", {class: "unseen", "aria-live": "polite"});
    this.el = h("section", {class: "viewer", "aria-label": "Slices"},
      h("div", {class: "views"}, ...views),
      h("div", {class: "tools"}, this.presetBox, this.level, this.maskButton, this.opacityInput, this.zoomButton,
        this.beforeButton),
      this.probe, this.live);
    this.stopResize = new ResizeObserver((entries) => { // sizes are measured here only: no reflow while scrolling
      for (const {target, contentRect: {width, height}} of entries) {
        [this.panels[target.dataset.plane].width, this.panels[target.dataset.plane].height] = [width, height];
      }
      this.draw();
    });
    for (const name of PLANES) this.stopResize.observe(this.panels[name].stage);
  }

  buildPanel(name) {
    const letter = (side) => h("span", {class: `letter ${side}`, "aria-hidden": "true"});
    const p = {name, plot: this.model[name], sides: {}};
    p.stage = h("div", {class: "stage", role: "img", "data-plane": name}, this.model.get_child(name));
    for (const side of ["left", "right", "top", "bottom"]) p.stage.append((p.sides[side] = letter(side)));
    p.title = h("span", {class: "title", "aria-hidden": "true"});
    p.bar = h("span", {class: "scalebar", "aria-hidden": "true"});
    p.stage.append(p.title, p.bar);
    p.input = h("input", {type: "range", class: "slice", min: 0, step: 1, "aria-label": `${name} slice`,
      oninput: () => this.toSlice(name, +p.input.value)});
    this.panels[name] = p;
    this.listenPanel(p);
    return h("div", {class: `view ${name}`}, p.stage, p.input);
  }

  // ---- data
  receive(which) {
    const data = this.sources[which].data;
    const columns = data instanceof Map ? Object.fromEntries(data) : data;
    if (!columns.header || !columns.header.length) {
      delete this.volumes[which];
      this.before = false;
    } else this.volumes[which] = new Volume(columns);
    if (which === "now" && this.volumes.now) this.arrive(this.volumes.now);
    this.draw();
  }

  arrive(volume) {
    const {head} = volume;
    const kind = `${head.modality} ${head.unit}`;
    if (this.kind !== kind) this.window = [...head.window];
    this.kind = kind;
    if (!this.t || head.recenter) {
      const first = !this.t;
      this.t = volume.position(head.center_index);
      if (first) this.restore(volume);
    }
    this.presetBox.replaceChildren(...head.presets.map((preset, i) => h("button", {type: "button", class: "chip",
      title: `Window ${preset.name} (${i + 1})`, onclick: () => this.setWindow(preset.window)},
      h("kbd", {"aria-hidden": "true"}, String(i + 1)), preset.name)));
    this.el.setAttribute("aria-label", head.text);
    this.wanted = null;
  }

  /** Position, window and mask mode from the URL's view=, each only if it makes sense here. */
  restore(volume) {
    if (!this.model.bookmark) return;
    const text = new URLSearchParams(window.location.search).get("view") ?? "";
    const [at, low, mode, zoom] = text.split("_");
    const numbers = (s) => (s ?? "").split(",").map(Number);
    const [position, range] = [numbers(at), numbers(low)];
    if (position.length === 3 && position.every(Number.isFinite)) this.t = volume.position(volume.index(position));
    if (range.length === 2 && range.every(Number.isFinite) && range[1] > range[0]) this.window = range;
    if (MASK_MODES.includes(mode)) this.mode = mode;
    if (Number.isFinite(+zoom) && +zoom >= 1 && +zoom <= 20) this.zoom = +zoom;
  }

  remember() {
    if (!this.model.bookmark) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const query = new URLSearchParams(window.location.search);
      const round = (v) => +v.toFixed(2);
      query.set("view", [this.t.map(round).join(), this.window.map(round).join(), this.mode, round(this.zoom)].join("_"));
      window.history.replaceState(window.history.state, "", `?${query}${window.location.hash}`);
    }, 400);
  }

  // ---- what a person does
  touched() {
    this.remember();
    this.draw();
  }
  setWindow([low, high]) {
    this.window = [low, high];
    this.touched();
  }
  nextMask() {
    this.mode = MASK_MODES[(MASK_MODES.indexOf(this.mode) + 1) % 3];
    this.touched();
  }
  showBefore(on) {
    this.before = on && Boolean(this.volumes.baseline);
    this.draw();
  }
  toggleZoom() {
    const {head} = this.volumes.now;
    const [from, to] = head.box;
    const part = [0, 1, 2].map((a) => head.shape[a] / Math.min(head.shape[a], 1.8 * (to[a] - from[a])));
    this.zoom = this.zoom > 1.01 ? 1 : clamp(Math.min(...part.filter((v) => v > 1.01), 20), 1.5, 20);
    this.touched();
  }
  toSlice(name, index) {
    const {head} = this.volumes.now;
    const {axis} = head.planes[name];
    this.t[axis] = head.origin[axis] + head.spacing[axis] * clamp(index, 0, head.shape[axis] - 1);
    this.touched();
  }
  step(name, by) {
    const {axis} = this.volumes.now.head.planes[name];
    this.toSlice(name, this.volumes.now.index(this.t)[axis] + by);
  }
  toPoint(name, t) {
    if (t) this.t = this.volumes.now.position(this.volumes.now.index(t));
    this.touched();
  }

  /** The position in mm under a pointer, in the plane's slice; null outside the volume. */
  under(p, event) {
    const plane = this.volumes.now.head.planes[p.name];
    const box = p.stage.getBoundingClientRect();
    const {start: x0, end: x1} = p.plot.x_range;
    const {start: y0, end: y1} = p.plot.y_range;
    const t = [...this.t];
    t[plane.across] = plane.across_sign * (x0 + ((event.clientX - box.left) / box.width) * (x1 - x0));
    t[plane.up] = plane.up_sign * (y1 + ((event.clientY - box.top) / box.height) * (y0 - y1));
    const {shape, origin, spacing} = this.volumes.now.head;
    const i = t.map((v, a) => (v - origin[a]) / spacing[a]);
    return i.every((v, a) => v > -0.5 && v < shape[a] - 0.5) ? t : null;
  }

  listenPanel(p) {
    let drag = null;
    let turned = 0;
    p.stage.addEventListener("wheel", (e) => {
      e.preventDefault();
      if (e.ctrlKey) {
        this.zoom = clamp(this.zoom * Math.exp(-e.deltaY / 300), 1, 20);
        return this.touched();
      }
      turned += e.deltaMode === 1 ? e.deltaY * 40 : e.deltaY;
      const steps = Math.trunc(turned / 40) && Math.sign(turned) * Math.min(Math.floor(Math.abs(turned) / 40), 3);
      if (!steps) return undefined;
      turned = 0;
      return this.step(p.name, Math.abs(e.deltaY) >= 40 ? Math.sign(steps) : steps);
    }, {passive: false});
    p.stage.addEventListener("pointerdown", (e) => {
      if (e.button !== 0) return;
      this.active = p.name;
      drag = {x: e.clientX, y: e.clientY, window: [...this.window], moved: false,
        slice: this.volumes.now.index(this.t)[this.volumes.now.head.planes[p.name].axis]};
      p.stage.setPointerCapture(e.pointerId);
    });
    p.stage.addEventListener("pointermove", (e) => {
      this.active = p.name;
      if (!drag) return this.showProbe(this.under(p, e));
      const [dx, dy] = [e.clientX - drag.x, e.clientY - drag.y];
      drag.moved ||= Math.hypot(dx, dy) > 4;
      if (!drag.moved) return undefined;
      if (e.pointerType === "touch") return this.toSlice(p.name, drag.slice + Math.round(dx / 8));
      const [low, high] = drag.window;
      const width = (high - low) * Math.exp(dx / 200);
      const level = (low + high) / 2 + ((high - low) * dy) / 300;
      return this.setWindow([level - width / 2, level + width / 2]);
    });
    p.stage.addEventListener("pointerup", (e) => {
      if (drag && !drag.moved) this.toPoint(p.name, this.under(p, e));
      drag = null;
    });
    p.stage.addEventListener("pointercancel", () => (drag = null));
    p.stage.addEventListener("pointerleave", () => this.showProbe(null));
  }

  listen() {
    const typing = (e) => {
      const el = e.composedPath()[0];
      return el instanceof Element && (el.matches("input, textarea, select, [contenteditable], [role=slider]"));
    };
    const down = (e) => {
      if (typing(e) || e.ctrlKey || e.metaKey || e.altKey || !this.volumes.now) return;
      const pressable = e.composedPath()[0] instanceof Element && e.composedPath()[0].matches("button, a, [role=button]");
      const steps = {ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5};
      const preset = this.volumes.now.head.presets[+e.key - 1];
      if (e.key in steps && !e.composedPath().some((el) => el.getAttribute?.("role") === "tablist")) {
        this.step(this.active, steps[e.key]);
      } else if (preset) this.setWindow(preset.window);
      else if (e.key === "m") this.nextMask();
      else if (e.key === "z") this.toggleZoom();
      else if (e.key === " " && !pressable && this.volumes.baseline) e.repeat || this.showBefore(true);
      else return;
      e.preventDefault();
    };
    const up = (e) => e.key === " " && this.before && this.showBefore(false);
    const blur = () => this.before && this.showBefore(false);
    document.addEventListener("keydown", down);
    document.addEventListener("keyup", up);
    window.addEventListener("blur", blur);
    this.stops.push(() => document.removeEventListener("keydown", down),
      () => document.removeEventListener("keyup", up), () => window.removeEventListener("blur", blur),
      () => this.stopResize.disconnect(), () => clearTimeout(this.timer), () => clearTimeout(this.sayTimer));
  }

  // ---- drawing: at once, then at most once a frame (the newest state wins)
  draw() {
    if (this.frame) return void (this.again = true);
    this.again = false;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      if (this.again) this.draw();
    });
    if (!this.volumes.now) return;
    for (const name of PLANES) this.drawPanel(this.panels[name]);
    this.drawTools();
    this.showProbe(null);
  }

  drawPanel(p) {
    const which = this.before ? "baseline" : "now";
    const volume = this.volumes[which];
    const {head} = volume;
    const plane = head.planes[p.name];
    const at = volume.index(this.t)[plane.axis];
    this.fit(p);
    if (!head.whole && head.at[plane.axis] !== at) return this.ask(which, volume.index(this.t));
    const key = [which, at, this.window, this.mode, this.opacity].join();
    if (p.drawn !== volume || p.key !== key) {
      const slice = volume.slice(plane, at);
      const fill = this.mode === "fill" && {color: FILL[which], opacity: this.opacity};
      const frame = volume.frame(plane);
      const [image, outline] = ["image", "outline"].map((n) => p.plot.renderers.find((r) => r.name === n));
      Object.assign(image.data_source.data, {x: [frame.x], y: [frame.y], dw: [slice.nu * frame.du],
        dh: [slice.nv * frame.dv], image: [this.ndarray(rgba(slice, volume, this.window, fill), slice)]});
      image.data_source.change.emit();
      const lines = edges(this.mode === "off" ? {...slice, inside: []} : slice, frame);
      Object.assign(outline.data_source.data, lines);
      outline.data_source.change.emit();
      if (p.which !== which) outline.glyph.setv({line_color: LINE[which]}, STILL); // after the data: it redraws
      [p.drawn, p.key, p.which] = [volume, key, which];
    }
    return this.decorate(p, plane, at);
  }
  ndarray(values, {nu, nv}) {
    return Object.assign(values, {shape: [nv, nu], dtype: "uint32", dimension: 2});
  }
  ask(which, at) {
    const wanted = `${which} ${at}`;
    if (this.wanted === wanted) return;
    this.wanted = wanted;
    this.model.send_msg({which: which === "now" ? "volume" : "baseline", at});
  }

  /** Ranges in mm such that voxels keep their shape, centered on the volume, or on the crosshair when zoomed. */
  fit(p) {
    const {head} = this.volumes.now;
    const plane = head.planes[p.name];
    const frame = this.volumes.now.frame(plane);
    const [w, t] = [p.width, p.height];
    if (!w || !t) return;
    const size = [head.shape[plane.across] * frame.du, head.shape[plane.up] * frame.dv];
    p.scale = Math.min(w / size[0], t / size[1]) * this.zoom; // px per mm
    const cross = [plane.across_sign * this.t[plane.across], plane.up_sign * this.t[plane.up]];
    const corner = [frame.x, frame.y];
    const span = (a, pixels) => {
      const half = pixels / p.scale / 2;
      const middle = corner[a] + size[a] / 2;
      const room = Math.max(0, size[a] / 2 - half);
      return [clamp(cross[a], middle - room, middle + room) - half, half * 2];
    };
    const [[x, dx], [y, dy]] = [span(0, w), span(1, t)];
    p.plot.x_range.setv({start: x, end: x + dx}, STILL);
    p.plot.y_range.setv({start: y, end: y + dy}, STILL);
    const gap = 9 / p.scale;
    const [cx, cy] = cross;
    const key = [x, dx, y, dy, cx, cy, gap].join();
    if (p.crossed === key) return;
    p.crossed = key;
    const lines = p.plot.renderers.find((r) => r.name === "cross").data_source;
    Object.assign(lines.data, {x0: [x, cx + gap, cx, cx], x1: [cx - gap, x + dx, cx, cx],
      y0: [cy, cy, y, cy + gap], y1: [cy, cy, cy - gap, y + dy]});
    lines.change.emit();
  }

  decorate(p, plane, at) {
    const {head} = this.volumes.now;
    for (const side of ["left", "right", "top", "bottom"]) write(p.sides[side], plane[side]);
    const count = head.shape[plane.axis];
    const which = this.before ? " \u00b7 before" : "";
    const word = p.width < 230 ? p.name.slice(0, 3) : p.name;
    write(p.title, `${word} ${at + 1}/${count}${which}`);
    p.stage.classList.toggle("inverted", head.inverted);
    p.stage.classList.toggle("before", this.before);
    const round = [200, 100, 50, 20, 10, 5, 2, 1].find((v) => v * p.scale <= p.width / 3) ?? 1;
    if (p.barWidth !== round * p.scale) p.bar.style.width = `${(p.barWidth = round * p.scale)}px`;
    write(p.bar, round >= 10 ? `${round / 10}\u202fcm` : `${round}\u202fmm`);
    if (+p.input.max !== count - 1) p.input.max = count - 1;
    if (+p.input.value !== at) p.input.value = at;
    const where = `${p.name} slice ${at + 1} of ${count}, ${mm(this.t[plane.axis])} mm`;
    if (p.where === where) return;
    p.where = where;
    p.input.setAttribute("aria-valuetext", where);
    p.stage.setAttribute("aria-label", where);
  }

  drawTools() {
    const {head} = this.volumes.now;
    const [low, high] = this.window;
    write(this.level, `L ${digits3((low + high) / 2)}  W ${withUnit(digits3(high - low), head.unit)}`);
    head.presets.forEach(({window: [a, b]}, i) => press(this.presetBox.children[i], a === low && b === high));
    write(this.maskButton, `Mask: ${this.mode}`);
    this.opacityInput.disabled = this.mode === "off";
    press(this.zoomButton, this.zoom > 1.01);
    this.beforeButton.hidden = !this.volumes.baseline;
    press(this.beforeButton, this.before);
  }

  showProbe(hover) {
    const volume = this.volumes[this.before ? "baseline" : "now"];
    if (!volume) return;
    const index = volume.index(hover ?? this.t);
    const [z, y, x] = volume.world(volume.position(index));
    const value = volume.has(index) ? withUnit(digits3(volume.value(index)), volume.head.unit) : "\u2026";
    const text = `${value} at x ${mm(x)}, y ${mm(y)}, z ${mm(z)}\u202fmm \u00b7 voxel (${[...index].reverse().join(", ")})`;
    write(this.probe, text);
    if (hover || this.said === text) return;
    clearTimeout(this.sayTimer);
    this.sayTimer = setTimeout(() => (this.live.textContent = this.said = text), 500);
  }
}

export function render({model}) {
  const viewer = new Viewer(model);
  model.on("remove", () => viewer.stops.forEach((stop) => stop()));
  return viewer.el;
}
