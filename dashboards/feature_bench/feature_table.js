// The features that moved: value, change against the baseline, a bar. The server sends text and one number a row;
// this file finds, sorts and draws them. Text from the server enters the page by textContent only.

const REST_MS = 350; // rows change places only when the knobs rest, so that nothing jumps under the eye

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function makeRow(tag) {
  const name = el("span", { class: "name" });
  const family = el("span", { class: "family" });
  const value = el("td", { class: "value" });
  const change = el("span", { class: "change" });
  const fill = el("span", { class: "fill" });
  const bar = el("span", { class: "bar", "aria-hidden": "true" }, fill);
  const head = el("th", { scope: "row" }, name, family);
  const node = el("tr", { "data-tag": tag }, head, value, el("td", { class: "moved" }, change, bar));
  return { node, head, name, family, value, change, fill, size: 0, text: "" };
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function fillRow(row, data, hints) {
  const [tag, label, family, value, change, relative, note] = data;
  const hint = note || hints[tag] || tag;
  setText(row.name, label);
  setText(row.family, family);
  setText(row.value, value);
  setText(row.change, change);
  if (row.head.title !== hint) row.head.title = hint;
  // a bar is half its length at a change of 50%, and grows ever slower: nothing leaves the cell
  const size = relative === null ? 1 : Math.abs(relative);
  const length = 50 * (size / (size + 0.5));
  const up = relative === null || relative > 0;
  row.fill.style.width = `${length}%`;
  row.fill.style.left = up ? "50%" : `${50 - length}%`;
  row.node.dataset.direction = size === 0 ? "none" : up ? "up" : "down";
  row.size = size;
  row.filter = family;
  row.text = `${label} ${tag} ${family}`.toLowerCase();
}

export function render({ model }) {
  const search = el("input", { type: "search", placeholder: "Find a feature", "aria-label": "Find a feature" });
  const family = el("select", { "aria-label": "Family of features" });
  const body = el("tbody");
  const rest = el("tbody");
  const table = el("table", {},
    el("thead", {}, el("tr", {},
      el("th", { scope: "col" }, "Feature"),
      el("th", { scope: "col", class: "value" }, "Now"),
      el("th", { scope: "col" }, "Against baseline"))),
    body, rest);
  const empty = el("p", { class: "empty", hidden: "" }, "No feature has this name. Clear the search to see all.");
  const frame = el("div", { class: "frame", tabindex: "0", role: "region", "aria-label": "Features, scrollable" }, table, empty);
  const root = el("div", { class: "features" }, el("div", { class: "find" }, search, family), frame);
  const rows = new Map();
  let timer = null;

  function show() {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows.values()) {
      const visible = (!wanted || row.text.includes(wanted)) && (!family.value || row.filter === family.value);
      row.node.hidden = !visible;
      shown += visible;
    }
    empty.hidden = shown > 0;
  }

  function sort() {
    const pinned = new Set(model.pinned);
    const order = [...rows].filter(([tag]) => !pinned.has(tag)).sort((a, b) => b[1].size - a[1].size);
    const nodes = order.map(([, row]) => row.node);
    if (nodes.some((node, i) => rest.children[i] !== node)) rest.replaceChildren(...nodes);
  }

  function update() {
    const seen = new Set();
    for (const data of model.rows) {
      const tag = data[0];
      seen.add(tag);
      if (!rows.has(tag)) rows.set(tag, makeRow(tag));
      fillRow(rows.get(tag), data, model.hints);
    }
    for (const tag of [...rows.keys()]) {
      if (!seen.has(tag)) { rows.get(tag).node.remove(); rows.delete(tag); }
    }
    const families = [...new Set(model.rows.map((data) => data[2]))];
    if (family.options.length !== families.length + 1) {
      family.replaceChildren(el("option", { value: "" }, "All families"), ...families.map((f) => el("option", { value: f }, f)));
    }
    const top = model.pinned.filter((tag) => rows.has(tag)).map((tag) => rows.get(tag).node);
    if (top.some((node, i) => body.children[i] !== node)) body.replaceChildren(...top);
    show();
    clearTimeout(timer);
    if (rest.children.length === 0) sort();
    else timer = setTimeout(sort, REST_MS);
    root.dataset.serial = String(Number(root.dataset.serial || 0) + 1); // how often the numbers were redrawn
  }

  search.addEventListener("input", show);
  family.addEventListener("change", show);
  for (const node of [search, family]) node.addEventListener("keydown", (event) => event.stopPropagation());
  model.on("rows", update);
  model.on("busy", () => { root.dataset.busy = String(model.busy); });
  update();
  return root;
}
