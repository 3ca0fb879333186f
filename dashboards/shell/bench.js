// The bar and the layout of a bench: slots, buttons, keys, sheets, drawer, help. Text is set as text, never as HTML.
const VIEW_KEY = "view"; // the one query key that the browser owns (SliceViewer)
const ICONS = {
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "m15 14 5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
  reset: "M4 12a8 8 0 1 0 2.6-5.9M4 4v4.5h4.5",
  baseline: "M9 4h6l-1 6 3 3H7l3-3-1-6ZM12 13v7",
  share: "M9.5 14.5 14.5 9.5M8 11l-2.5 2.5a3.5 3.5 0 0 0 5 5L13 16M11 8l2.5-2.5a3.5 3.5 0 0 1 5 5L16 13",
  help: "M9.2 9.2a3 3 0 1 1 4 3.2c-.8.4-1.2 1-1.2 2M12 17.6v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  knobs: "M5 7h6m4 0h4M5 17h2m4 0h8M13 4.5v5M9 14.5v5",
  close: "M6 6l12 12M18 6 6 18",
};
const ACTIONS = [
  ["undo", "Undo", "u"], ["redo", "Redo", "shift-u"], ["reset", "Reset all knobs", null],
  ["baseline", "Pin this screen as the baseline", "b"], ["share", "Copy the link to this screen", null],
  ["help", "Keys and help", "?"],
];
const KEYS = [
  ["1 to 5", "window presets"], ["arrows, wheel", "slices"], ["ctrl + wheel, z", "zoom, zoom to the region and back"],
  ["drag on a slice", "window and level"], ["click on a slice", "move the crosshair"],
  ["m", "mask: outline, fill, off"], ["space, held", "before: the baseline"], ["b", "pin the baseline"],
  ["u, shift-u", "undo, redo"], ["d", "dark or light"], ["?", "this list"],
];

const h = (tag, attributes = {}, ...children) => {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) el.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) el.setAttribute(key, value === true ? "" : value);
  }
  el.append(...children.filter((c) => c != null));
  return el;
};
const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
};

const copyLink = async () => {
  try {
    await navigator.clipboard.writeText(window.location.href);
    return "Link copied.";
  } catch {
    return "The browser did not allow copying; the link is in the address bar.";
  }
};
const showHelp = () => document.dispatchEvent(new CustomEvent("radkit-help"));

/** The action buttons, kept in step with can_undo and can_redo. */
const actionButtons = (model, say) => {
  const buttons = {};
  for (const [name, label, key] of ACTIONS) {
    const title = key ? `${label} (${key})` : label;
    buttons[name] = h("button", {type: "button", class: "icon", "aria-label": label, title, onclick: async () => {
      if (name === "help") showHelp();
      else if (name === "share") say(await copyLink());
      else model.send_msg({action: name});
    }}, icon(name));
  }
  const update = () => {
    if (buttons.undo) buttons.undo.disabled = !model.can_undo;
    if (buttons.redo) buttons.redo.disabled = !model.can_redo;
  };
  model.on(["can_undo", "can_redo"], update);
  update();
  return h("div", {class: "actions", role: "toolbar", "aria-label": "Bench"}, ...Object.values(buttons));
};

const toaster = () => {
  const el = h("span", {class: "toast", role: "status", hidden: true});
  let timer;
  const say = (text) => {
    el.textContent = text;
    el.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(() => (el.hidden = true), 2500);
  };
  return [el, say];
};

function renderBar(model) {
  const [toast, say] = toaster();
  const actions = actionButtons(model, say);
  return h("div", {class: "bar"},
    h("div", {class: "name"}, h("h1", {}, model.title), h("p", {}, model.question)),
    model.case_bar ? h("div", {class: "case"}, model.get_child("case_bar")) : null,
    actions, toast);
}

function renderDrawer(model) {
  if (!model.tab_names.length) return null;
  const bodies = model.get_child("tabs").map((el, i) =>
    h("div", {class: "tab", role: "tabpanel", id: `tab-${i}`, "aria-label": model.tab_names[i], tabindex: 0,
      hidden: true}, el));
  let open = -1;
  const buttons = model.tab_names.map((name, i) => h("button", {type: "button", role: "tab", "aria-selected": "false",
    "aria-controls": `tab-${i}`, tabindex: i ? -1 : 0, onclick: () => show(open === i ? -1 : i)}, name));
  const show = (i) => {
    open = i;
    bodies.forEach((body, k) => (body.hidden = k !== i));
    buttons.forEach((button, k) => button.setAttribute("aria-selected", String(k === i)));
    box.classList.toggle("open", i >= 0);
    window.dispatchEvent(new Event("resize"));
  };
  const list = h("div", {class: "tablist", role: "tablist", "aria-label": "Why it moved, code, provenance",
    onkeydown: (e) => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[e.key];
      if (!step) return;
      const at = buttons.indexOf(e.target);
      const next = buttons[(at + step + buttons.length) % buttons.length];
      buttons.forEach((button) => (button.tabIndex = button === next ? 0 : -1));
      next.focus();
      e.preventDefault();
    }}, ...buttons);
  const box = h("section", {class: "drawer"}, list, ...bodies);
  return box;
}

function renderHelp() {
  const dialog = h("dialog", {class: "help", "aria-label": "Keys and help"},
    h("div", {class: "sheethead"}, h("h2", {}, "Keys"),
      h("button", {type: "button", class: "icon", "aria-label": "Close", onclick: () => dialog.close()}, icon("close"))),
    h("dl", {}, ...KEYS.flatMap(([key, what]) => [h("dt", {}, key), h("dd", {}, what)])),
    h("p", {}, "On a touch screen: tap moves the crosshair, a sideways drag scrolls the slices."));
  dialog.addEventListener("click", (e) => e.target === dialog && dialog.close());
  return dialog;
}

/** Busy: a thin bar after 300 ms, words after 1 s. */
function busyLine(model) {
  const words = h("span", {class: "busywords"});
  const el = h("div", {class: "busy", role: "status", hidden: true}, h("div", {class: "busybar"}), words);
  let timers = [];
  const update = () => {
    timers.forEach(clearTimeout);
    timers = [];
    if (!model.busy) return void ((el.hidden = true), (words.textContent = ""));
    timers = [setTimeout(() => (el.hidden = false), 300), setTimeout(() => (words.textContent = model.busy), 1000)];
  };
  model.on("busy", update);
  update();
  return el;
}

function noticeLine(model) {
  const text = h("span");
  const el = h("div", {class: "notice", role: "alert"}, text,
    h("button", {type: "button", class: "icon", "aria-label": "Dismiss", onclick: () => (model.notice = "")},
      icon("close")));
  const update = () => ((text.textContent = model.notice), (el.hidden = !model.notice));
  model.on("notice", update);
  update();
  return el;
}

/** The server's query, with the browser's own view= kept; replaced in place, so Back leaves the bench. */
function keepUrl(model) {
  const write = () => {
    if (!model.query) return;
    const query = new URLSearchParams(model.query);
    const view = new URLSearchParams(window.location.search).get(VIEW_KEY);
    if (view) query.set(VIEW_KEY, view);
    else query.delete(VIEW_KEY);
    window.history.replaceState(window.history.state, "", `?${query}${window.location.hash}`);
  };
  let timer;
  model.on("query", () => {
    clearTimeout(timer);
    timer = setTimeout(write, 150); // browsers refuse more than about 100 changes in 30 s
  });
  write();
}

function listenKeys(model, help) {
  const down = (e) => {
    const el = e.composedPath()[0];
    if (el instanceof Element && el.matches("input, textarea, select, [contenteditable], [role=slider]")) return;
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const action = {b: "baseline", u: "undo", U: "redo", d: "dark"}[e.key];
    if (action) model.send_msg({action});
    else if (e.key === "?") help();
    else return;
    e.preventDefault();
  };
  document.addEventListener("keydown", down);
  return () => document.removeEventListener("keydown", down);
}

function renderLayout(model, view) {
  const dialog = renderHelp();
  const help = () => (dialog.open ? dialog.close() : dialog.showModal());
  const [toast, say] = toaster();
  const sheet = (open) => {
    bench.classList.toggle("sheet-open", open);
    toggle.setAttribute("aria-expanded", String(open));
    (open ? close : toggle).focus();
  };
  const close = h("button", {type: "button", class: "icon", "aria-label": "Close the knobs",
    onclick: () => sheet(false)}, icon("close"));
  const knobs = h("aside", {class: "knobs", "aria-label": "Knobs", onkeydown: (e) => e.key === "Escape" && sheet(false)},
    h("div", {class: "sheethead"}, h("h2", {}, "Knobs"), close), model.get_child("knobs"));
  const toggle = h("button", {type: "button", class: "open-knobs", "aria-expanded": "false",
    onclick: () => sheet(!bench.classList.contains("sheet-open"))}, icon("knobs"), "Knobs");
  const thumb = h("nav", {class: "thumb", "aria-label": "Knobs and actions"}, toggle,
    actionButtons(model, say));
  const said = h("p", {class: "unseen", "aria-live": "polite"});
  const speak = () => (said.textContent = model.said);
  model.on("said", speak);
  speak();
  const bench = h("div", {class: "bench"},
    knobs,
    h("section", {class: "picture", "aria-label": "Picture"}, noticeLine(model), busyLine(model),
      model.get_child("picture")),
    h("section", {class: "moved", "aria-label": "What moved"}, model.get_child("moved")),
    renderDrawer(model),
    h("p", {class: "warning"}, "For teaching and research, not for diagnosis."),
    thumb, toast, said, dialog);
  const stopKeys = listenKeys(model, help);
  document.addEventListener("radkit-help", help);
  keepUrl(model);
  const stopBar = clearBar(bench, view);
  model.on("remove", () => {
    stopKeys();
    stopBar();
    document.removeEventListener("radkit-help", help);
  });
  return bench;
}

/** The app bar floats above the page and may need two lines: start below it. */
function clearBar(bench, view) {
  const header = view.el.getRootNode().querySelector?.("header");
  if (!header) return () => {};
  const observer = new ResizeObserver(() => {
    const top = view.el.getBoundingClientRect().top;
    bench.style.setProperty("--under", `${Math.max(0, header.getBoundingClientRect().bottom - top)}px`);
  });
  observer.observe(header);
  return () => observer.disconnect();
}

export function render({model, view}) {
  return model.kind === "bar" ? renderBar(model) : renderLayout(model, view);
}
