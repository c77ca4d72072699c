"use strict";
// Sorting, filtering and unfolding. The page is whole without it.

const table = document.getElementById("table");
const reports = Array.from(document.querySelectorAll("details.report"));

function unfold(open) {
  for (const report of reports) report.open = open;
}

// A link into a folded splat opens it first.
function follow() {
  const target = document.getElementById(location.hash.slice(1));
  const report = target && target.closest("details.report");
  if (!report) return;
  report.open = true;
  target.scrollIntoView();
}

function value(row, column, numeric) {
  const cell = row.cells[column];
  const text = cell.dataset.sort ?? cell.textContent;
  return numeric ? Number(text) : text;
}

function sort(head) {
  const numeric = head.dataset.order === "number";
  const before = head.getAttribute("aria-sort");
  // The first click on numbers shows the large ones.
  const descending = before ? before === "ascending" : numeric;
  const sign = descending ? -1 : 1;
  const body = table.tBodies[0];
  const compare = (a, b) => (numeric ? a - b : a.localeCompare(b, "en", { numeric: true }));
  const rows = Array.from(body.rows).sort(
    (a, b) => sign * compare(value(a, head.cellIndex, numeric), value(b, head.cellIndex, numeric)),
  );
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  body.append(...rows);
}

function filter(input, tones, matches) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = new Set(tones.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.tone));
  const shown = new Set();
  for (const row of table.tBodies[0].rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !wanted.has(row.dataset.tone) || !words.every((word) => text.includes(word));
    if (!row.hidden) shown.add(row.dataset.signature);
  }
  for (const report of reports) report.hidden = !shown.has(report.dataset.signature);
  matches.value = `${shown.size} of ${table.tBodies[0].rows.length}`;
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
  update();
}

if (table && document.getElementById("filter")) controls();
window.addEventListener("hashchange", follow);
window.addEventListener("beforeprint", () => unfold(true));
follow();
