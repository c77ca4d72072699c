"use strict";
// Filters, order, and the page of one bug. Without it the page shows all bugs, one after the other.

const part = (id) => document.getElementById(id);
const facts = JSON.parse(part("facts").textContent);
const body = part("table").tBodies[0];
// The markup of each row: elements are made of those that are seen.
const rows = Array.from(body.rows, (row) => row.outerHTML);
for (const rest of document.querySelectorAll("noscript[data-rows]")) {
  const text = rest.textContent;
  rows.push(...text.slice(text.indexOf("<tr>"), text.lastIndexOf("</tbody>")).split(/(?=<tr>)/));
}
const first = (bug) => bug.days[0] ?? "";
const last = (bug) => bug.days[bug.days.length - 1] ?? "";
const collator = new Intl.Collator("en", { numeric: true });
const orders = {
  count: () => 0,
  new: (a, b) => collator.compare(first(b), first(a)),
  last: (a, b) => collator.compare(last(b), last(a)),
  title: (a, b) => collator.compare(a.title, b.title),
};
const STEP = 100;
let shown = [];
let limit = STEP;
// Where the table was left for the page of a bug.
let scrolled = 0;

// What the controls ask for, as one test.
function wanted() {
  const value = (id) => part(id).value;
  const words = value("text").toLowerCase().split(/\s+/).filter(Boolean);
  const [kind, subsystem, list, kernel, from, to, since, fixed] =
    ["kind", "subsystem", "list", "kernel", "from", "to", "new", "fixed"].map(value);
  const tests = [
    words.length && ((bug) => words.every((word) => bug.text.includes(word))),
    kind && ((bug) => bug.kind === kind),
    subsystem && ((bug) => bug.subsystem === subsystem),
    list && ((bug) => bug.lists.includes(list)),
    kernel && ((bug) => bug.kernels.some((release) => release.startsWith(kernel))),
    (from || to) && ((bug) => bug.days.some((day) => (!from || day >= from) && (!to || day <= to))),
    since && ((bug) => first(bug) >= since),
    fixed && ((bug) => bug.fixed === (fixed === "yes")),
  ].filter(Boolean);
  return (bug) => tests.every((test) => test(bug));
}

function update() {
  const test = wanted();
  shown = [];
  facts.forEach((bug, index) => test(bug) && shown.push(index));
  const order = orders[part("order").value];
  shown.sort((a, b) => order(facts[a], facts[b]) || a - b);
  limit = STEP;
  const events = shown.reduce((sum, index) => sum + facts[index].count, 0);
  part("matches").value = `${shown.length} of ${facts.length}, ${events} event${events === 1 ? "" : "s"}`;
  show();
  plot();
}

// It is markup of this page, in which everything of a log is escaped already.
function show() {
  body.innerHTML = shown.slice(0, limit).map((index) => rows[index]).join("");
  const more = shown.length - limit;
  part("more").hidden = more <= 0;
  part("more").textContent = `${more} more bug${more === 1 ? "" : "s"}`;
}

// The bars are those of the bugs that are shown.
function plot() {
  const bars = Array.from(document.querySelectorAll(".months g"));
  const sums = new Map();
  for (const index of shown) {
    for (const [month, events] of Object.entries(facts[index].months)) sums.set(month, (sums.get(month) ?? 0) + events);
  }
  const heights = bars.map(() => 0);
  for (const [month, events] of sums) {
    const bar = bars.findIndex((bar) => bar.dataset.from <= month && month <= bar.dataset.to);
    if (bar >= 0) heights[bar] += events;
  }
  const most = Math.max(1, ...heights);
  bars.forEach((bar, index) => {
    const [title, back, rect] = bar.children;
    const whole = Number(back.getAttribute("height"));
    const height = Math.ceil((heights[index] * whole) / most);
    rect.setAttribute("y", whole - height);
    rect.setAttribute("height", height);
    title.textContent = title.textContent.replace(/: .*/, `: ${heights[index]}`);
  });
}

// A click on a month asks for it.
function choose(bar) {
  const [year, month] = bar.dataset.to.split("-").map(Number);
  const end = new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
  part("from").value = `${bar.dataset.from}-01`;
  part("to").value = end;
  update();
}

// The page of one bug, cut out of the text that holds it.
function page(id) {
  if (!/^bug-[0-9a-f]+$/.test(id)) return undefined;
  const begin = `<section class="bug" id="${id}"`;
  for (const lazy of part("pages").children) {
    const text = lazy.textContent;
    const at = text.indexOf(begin);
    if (at >= 0) return text.slice(at, text.indexOf("</section>", at) + "</section>".length);
  }
  return undefined;
}

function follow() {
  const found = page(location.hash.slice(1));
  const overview = part("overview");
  if (found && !overview.hidden) scrolled = scrollY;
  overview.hidden = Boolean(found);
  part("bug").hidden = !found;
  part("bug").innerHTML = found ? `<p><a href="#">All bugs</a></p>${found}` : "";
  document.title = found ? `ksplat: ${part("bug").querySelector("h2").textContent}` : "ksplat: bugs";
  scrollTo(0, found ? 0 : scrolled);
}

const controls = document.querySelector(".controls");
controls.addEventListener("input", update);
part("reset").addEventListener("click", () => {
  for (const control of controls.querySelectorAll("input, select")) {
    control.value = control.id === "order" ? "count" : "";
  }
  update();
});
part("more").addEventListener("click", () => {
  limit += STEP;
  show();
});
for (const bar of document.querySelectorAll(".months g")) bar.addEventListener("click", () => choose(bar));
window.addEventListener("hashchange", follow);
controls.hidden = false;
update();
follow();
