"use strict";
// Sorting, filtering, copying and unfolding. The page is whole without it.

const table = document.getElementById("table");
const blocks = Array.from(document.querySelectorAll("details.report[data-bugs]"));

// A list shows its first items; the others are in a part that opens on demand.
function listing(list) {
  const more = list.querySelector(":scope > .more");
  fill(more);
  const first = list.querySelector(":scope > [data-first], :scope > table > [data-first]");
  const rest = more.querySelector(":scope > [data-rest], :scope > table > [data-rest]");
  const items = [...first.children, ...rest.children];
  const [, noun] = more.firstElementChild.textContent.match(/more (.*?)s?$/);
  return { first, more, rest, items, noun, most: first.children.length };
}

function once(make) {
  let made;
  return () => (made ??= make());
}

const lists = once(() => Array.from(document.querySelectorAll(".list:has(> .more)"), listing));

// The bugs, in the order of the table.
const rows = once(() => {
  const list = lists().find((list) => list.first === table.tBodies[0]);
  return list ? list.items : Array.from(table.tBodies[0].rows);
});

const words = new Map();

function text(row) {
  if (!words.has(row)) words.set(row, row.textContent.toLowerCase());
  return words.get(row);
}

// Shows the first items that the filter leaves.
function deal(list) {
  const wanted = list.items.filter((item) => !item.hidden);
  const seen = new Set(wanted.slice(0, list.most));
  const more = wanted.length - seen.size;
  list.first.replaceChildren(...seen);
  list.rest.replaceChildren(...list.items.filter((item) => !seen.has(item)));
  list.more.hidden = more === 0;
  list.more.firstElementChild.textContent = `${more} more ${list.noun}${more === 1 ? "" : "s"}`;
}

// The inside of most blocks is the text of a noscript element, which costs nothing until it is wanted. It is
// markup of this page, in which everything of a log is escaped already.
function fill(details) {
  const own = (selector) => [...details.querySelectorAll(selector)].filter((part) => part.closest("details") === details);
  for (const lazy of own("noscript")) {
    const template = document.createElement("template");
    template.innerHTML = lazy.textContent;
    lazy.replaceWith(template.content);
  }
  if (!details.matches(".report") || own(".link").length) return;
  for (const row of own("dd[data-copy]")) row.append(button("Copy", () => row.firstElementChild.textContent));
  for (const facts of own("dl.facts")) facts.append(link(details.id));
}

function link(id) {
  const [row, name, value, place] = ["div", "dt", "dd", "a"].map((tag) => document.createElement(tag));
  row.className = "link";
  name.textContent = "Link";
  place.href = place.textContent = `#${id}`;
  value.append(place, button("Copy", () => place.href));
  row.append(name, value);
  return row;
}

function button(label, text) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "copy";
  made.textContent = label;
  made.addEventListener("click", async () => {
    made.textContent = (await copy(text())) ? "Copied" : "Not copied";
    setTimeout(() => (made.textContent = label), 1500);
  });
  return made;
}

// A page that came over plain HTTP has no clipboard, but what is selected can be copied.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function unfold(open) {
  for (const block of blocks) {
    const seen = !block.hidden && !block.closest("details:not([open]).more, details:not([open]).input");
    if (!seen && open) continue;
    if (open) fill(block);
    block.open = open;
  }
}

// A link into what is folded opens it first.
function follow() {
  const id = location.hash.slice(1);
  if (!id) return;
  const target = find(id);
  if (!target) return;
  for (let part = target; part; part = part.parentElement) {
    part.hidden = false;
    if (part.tagName === "DETAILS") part.open = true;
  }
  target.scrollIntoView();
  // What was not in the page when the browser looked for it is no target yet.
  if (!target.matches(":target")) location.replace(`#${id}`);
}

function find(id) {
  const found = () => document.getElementById(id);
  if (found()) return found();
  const holds = (lazy) => lazy.textContent.includes(`id="${id}"`);
  const lazy = Array.from(document.querySelectorAll("noscript")).find(holds);
  if (lazy) fill(lazy.closest("details"));
  return found();
}

function value(row, column, numeric) {
  const text = row.cells[column].textContent;
  return numeric ? Number(text) : text;
}

const collator = new Intl.Collator("en", { numeric: true });

function sort(head) {
  const numeric = head.dataset.order === "number";
  const before = head.getAttribute("aria-sort");
  // The first click on numbers shows the large ones.
  const descending = before ? before === "ascending" : numeric;
  const sign = descending ? -1 : 1;
  const compare = numeric ? (a, b) => a - b : collator.compare;
  const keyed = rows().map((row) => [value(row, head.cellIndex, numeric), row]);
  keyed.sort(([a], [b]) => sign * compare(a, b));
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  keyed.forEach(([, row], index) => (rows()[index] = row));
  const list = lists().find((list) => list.items === rows());
  if (list) deal(list);
  else table.tBodies[0].append(...rows());
}

// One filter for bugs, splats, boots and inputs.
function filter(input, tones, matches) {
  const asked = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = new Set(tones.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.tone));
  const shown = new Set();
  for (const row of rows()) {
    row.hidden = !wanted.has(row.dataset.tone) || !asked.every((word) => text(row).includes(word));
    if (!row.hidden) shown.add(row.dataset.bug);
  }
  const narrowed = shown.size < rows().length;
  for (const block of blocks) block.hidden = narrowed && !block.dataset.bugs.split(" ").some((bug) => shown.has(bug));
  for (const part of document.querySelectorAll(".part, .input")) {
    part.hidden = narrowed && !part.querySelector("details.report[data-bugs]:not([hidden])");
  }
  for (const note of document.querySelectorAll("main > .note")) note.hidden = narrowed;
  lists().forEach(deal);
  matches.value = `${shown.size} of ${rows().length}`;
}

function controls() {
  const input = document.getElementById("filter");
  const matches = document.getElementById("matches");
  const tones = Array.from(document.querySelectorAll("button[data-tone]"));
  const update = () => filter(input, tones, matches);
  input.addEventListener("input", update);
  for (const button of tones) {
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") === "true";
      button.setAttribute("aria-pressed", String(!pressed));
      update();
    });
  }
  document.getElementById("expand").addEventListener("click", () => unfold(true));
  document.getElementById("collapse").addEventListener("click", () => unfold(false));
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }
  for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
  const all = parseInt(document.getElementById("bugs").textContent, 10);
  matches.value = `${all} of ${all}`;
}

if (table && document.getElementById("filter")) controls();
document.addEventListener("toggle", (event) => event.target.open && fill(event.target), true);
document.querySelectorAll("details.report[open]").forEach(fill);
window.addEventListener("hashchange", follow);
window.addEventListener("beforeprint", () => unfold(true));
follow();
