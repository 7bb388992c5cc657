// Two texts side by side: walk the passages, see the pair, filter. Marks and offsets come from the server; this only shows,
// hides and links them. A mark names its passages in data-p: "3 7:quotation", best first, with the reason where they count for nothing.
import { ask } from "./sidik.js";

const $ = (id) => document.getElementById(id);
const bar = $("bar");
const page = $("check-page");
const EXEMPT = "exempt";
const KINDS = ["verbatim", "edited", "reworded", EXEMPT];

const reasonNames = Object.fromEntries([...document.querySelectorAll("[data-reason]")].map((dd) => [dd.dataset.reason, dd.textContent]));

// number -> what the list of passages says of it
const passages = new Map(
  [...document.querySelectorAll("[data-passage]")].map((row) => [
    Number(row.dataset.passage),
    { ...row.dataset, match: Number(row.dataset.match), words: Number(row.dataset.words), row },
  ]),
);

const panes = { submission: document.querySelector("[data-side=submission]"), article: document.querySelector("[data-side=article]") };
const shown = () => Number(panes.article.dataset.match);

const marksOf = new WeakMap(); // pane -> its marks, in order
const marksFor = new WeakMap(); // pane -> number of a passage -> its marks
function marks(pane) {
  if (!marksOf.has(pane)) {
    const byNumber = new Map();
    const found = [...pane.querySelectorAll("mark")].map((element) => ({
      element,
      kind: KINDS.find((kind) => element.classList.contains(kind)),
      refs: element.dataset.p.split(" ").map((ref) => {
        const [number, reason] = ref.split(":");
        return { number: Number(number), reason: reason ?? "" };
      }),
    }));
    for (const mark of found) {
      for (const { number } of mark.refs) {
        if (!byNumber.has(number)) byNumber.set(number, []);
        byNumber.get(number).push(mark);
      }
    }
    marksOf.set(pane, found);
    marksFor.set(pane, byNumber);
  }
  return marksOf.get(pane);
}

function marksNumbered(pane, number) {
  marks(pane);
  return marksFor.get(pane).get(number) ?? [];
}

const markAt = (element) => marks(element.closest(".text")).find((mark) => mark.element === element);

const filters = { exempt: true, least: 0, one: false };
let current = 0; // number of the passage that was walked to; 0: none yet
let order = []; // numbers of the passages in sight, as they stand in the submission

function inSight(number) {
  const passage = passages.get(number);
  if (!passage) return true;
  return (filters.exempt || !passage.exempt) && passage.words >= filters.least && (!filters.one || passage.match === shown());
}

// Show what the filters leave. Of a mark, the first passage in sight decides how it looks.
function refresh() {
  for (const pane of Object.values(panes)) {
    for (const mark of marks(pane)) {
      const ref = mark.refs.find(({ number, reason }) => inSight(number) && (filters.exempt || !reason));
      const kind = ref && (ref.reason ? EXEMPT : kindOf(mark, ref));
      for (const name of KINDS) mark.element.classList.toggle(name, name === kind);
      mark.element.classList.toggle("off", !ref);
      mark.shown = ref;
    }
  }
  const seen = new Set();
  for (const mark of marks(panes.submission)) for (const { number } of mark.refs) if (inSight(number)) seen.add(number);
  order = [...seen].sort((a, b) => place(a) - place(b));
  for (const passage of passages.values()) passage.row.hidden = !inSight(Number(passage.passage));
  if (!order.includes(current)) current = 0;
  light(current);
  tell();
}

const places = new Map([...passages.keys()].map((number, at) => [number, at])); // the list is in the order of the submission
const place = (number) => places.get(number) ?? 0;

function kindOf(mark, ref) {
  return passages.get(ref.number)?.row.dataset.kind ?? mark.kind;
}

let lit = [];
function light(number) {
  for (const element of lit) element.classList.remove("lit");
  lit = Object.values(panes).flatMap((pane) => marksNumbered(pane, number).map(({ element }) => element));
  lit = lit.filter((element) => !element.classList.contains("off"));
  if (passages.has(number)) lit.push(passages.get(number).row);
  for (const element of lit) element.classList.add("lit");
}

function tell() {
  const all = order.length;
  const at = order.indexOf(current) + 1;
  let text = all ? bar.dataset.count.replace("{all}", all) : bar.dataset.none;
  if (at) text = `${bar.dataset.place.replace("{number}", current).replace("{at}", at).replace("{all}", all)}: ${passages.get(current)?.label ?? ""}`;
  $("where").textContent = text;
  $("cite").disabled = !at;
  $("previous").disabled = $("next").disabled = !all;
}

function bringIntoView(pane, number) {
  const mark = marksNumbered(pane, number)[0]?.element;
  if (!mark) return;
  for (let pass = 0; pass < 2; pass++) {
    // Twice: blocks that were never laid out have a guessed height until they come into view.
    const shift = mark.getBoundingClientRect().top - pane.getBoundingClientRect().top;
    pane.scrollTop += shift - pane.clientHeight / 3;
  }
}

async function go(number, from) {
  current = number;
  const passage = passages.get(number);
  if (passage && passage.match !== shown()) await showMatch(passage.match);
  light(number);
  for (const [side, pane] of Object.entries(panes)) if (side !== from) bringIntoView(pane, number);
  tell();
}

function step(by) {
  if (!order.length) return;
  const at = order.indexOf(current);
  bringPanes();
  go(order[at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length]);
}

// On a small screen the panes may be below, where nobody would see the walk.
function bringPanes() {
  const box = $("panes").getBoundingClientRect();
  if (box.top > innerHeight * 0.6 || box.bottom < innerHeight * 0.3) $("panes").scrollIntoView({ block: "start" });
}

// Put another article into its pane.
async function showMatch(match) {
  const answer = await ask("GET", `${location.pathname}/articles/${match + 1}`);
  if (!answer.ok || answer.redirected) {
    $("where").textContent = bar.dataset.failed;
    return;
  }
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  $("article").replaceChildren(...parsed.body.childNodes);
  panes.article = $("article").querySelector("[data-side=article]");
  listen(panes.article);
  for (const source of document.querySelectorAll(".source")) {
    if (Number(source.dataset.match) === match) source.setAttribute("aria-current", "true");
    else source.removeAttribute("aria-current");
  }
  refresh();
}

const numberAt = (event) => {
  const element = event.target.closest?.("mark");
  return element ? markAt(element)?.shown?.number : undefined;
};

function listen(pane) {
  pane.addEventListener("mouseover", (event) => {
    const number = numberAt(event);
    light(number ?? current);
    const mark = event.target.closest?.("mark");
    if (mark && number) mark.title = titleOf(mark, number);
  });
  pane.addEventListener("mouseleave", () => light(current));
  pane.addEventListener("click", (event) => {
    const number = numberAt(event);
    if (number && !getSelection().toString()) go(number, pane.dataset.side);
  });
}

function titleOf(mark, number) {
  const reason = markAt(mark)?.shown?.reason;
  return reason ? reasonNames[reason] : (passages.get(number)?.label ?? "");
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Browsers keep the clipboard from pages without https; the old way still works there.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

function cite() {
  const quote = marksNumbered(panes.article, current).map(({ element }) => element.textContent).join("").replace(/\s+/g, " ").trim();
  copyText(`“${quote}” — ${panes.article.dataset.cite}`).then(() => ($("where").textContent = bar.dataset.copied));
}

if (page) {
  $("print").hidden = false;
  $("print").addEventListener("click", () => print());
}
if (bar && panes.article) {
  bar.hidden = false;
  Object.values(panes).forEach(listen);
  $("previous").addEventListener("click", () => step(-1));
  $("next").addEventListener("click", () => step(1));
  $("cite").addEventListener("click", cite);
  document.addEventListener("keydown", (event) => { // wherever the focus is: on arrival it is nowhere
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.target.closest("input, select, textarea")) return;
    event.preventDefault();
    step(by);
  });
  $("show-exempt").addEventListener("change", (event) => ((filters.exempt = event.target.checked), refresh()));
  $("show-changes").addEventListener("change", (event) => $("panes").classList.toggle("no-changes", !event.target.checked));
  $("least").addEventListener("change", (event) => ((filters.least = Number(event.target.value)), refresh()));
  $("one-source").addEventListener("change", (event) => ((filters.one = event.target.value === "one"), refresh()));
  $("sources").addEventListener("click", async (event) => {
    const source = event.target.closest(".source");
    if (!source?.hasAttribute("data-loaded") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const match = Number(source.dataset.match);
    if (match !== shown()) await showMatch(match);
    const first = order.find((number) => passages.get(number).match === match);
    if (first) go(first);
  });
  $("passages")?.addEventListener("click", (event) => {
    const row = event.target.closest("[data-passage]");
    if (!row || !event.target.closest("a")) return;
    event.preventDefault();
    go(Number(row.dataset.passage));
    $("panes").scrollIntoView({ block: "nearest" });
  });
  refresh();
}
