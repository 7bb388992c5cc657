// The page at "/": sign in, paste, check, see. Whatever comes from a text goes into the page as a text node.
import { Text, pieces } from "./text.js";

const $ = (id) => document.getElementById(id);
const words = JSON.parse($("words").dataset.words);
const csrf = document.querySelector("meta[name=csrf]").content;
const language = document.documentElement.lang;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

async function ask(method, path, body) {
  const headers = { "x-sidik-csrf": csrf };
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Error(words.offline);
  }
  const found = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(found.detail), { status: answer.status });
  return found;
}

function say(text) {
  $("message").textContent = text;
  $("message").hidden = !text;
}

const home = () => location.replace(`/?lang=${language}`);

async function signIn(credentials) {
  try {
    await ask("POST", "/session", credentials);
    home();
  } catch (error) {
    say(error.status ? words.sign_in_failed : error.message);
  }
}

const percent = (share) => new Intl.NumberFormat(language, { style: "percent" }).format(share);
const number = (value) => new Intl.NumberFormat(language).format(value);
const webAddress = (url) => (/^https?:\/\//i.test(url ?? "") ? url : null);

// Fill `pane` with `text`; `spans` are {start, end, passage, kind} with an exempt reason where they count for nothing.
function fill(pane, text, spans) {
  pane.replaceChildren();
  const measured = new Text(text);
  for (const piece of pieces(measured.length, spans)) {
    const string = measured.slice(piece.start, piece.end);
    if (!piece.spans.length) {
      pane.append(string);
      continue;
    }
    const passage = piece.spans[0];
    const exempt = piece.spans.map((span) => span.exempt).find(Boolean);
    const says = exempt ? words[`exempt_${exempt}`] : words[passage.kind];
    pane.append(
      make("mark", { class: exempt ? "exempt" : passage.kind, "data-passage": passage.passage, title: says }, string),
    );
  }
}

function spansOf(match) {
  const ours = [];
  const theirs = [];
  match.passages.forEach((passage, index) => {
    const common = { passage: index, kind: passage.kind, exempt: passage.exempt };
    theirs.push({ ...common, start: passage.submission.start, end: passage.submission.end });
    ours.push({ ...common, start: passage.article.start, end: passage.article.end });
    for (const span of passage.exempt_spans) {
      theirs.push({ passage: index, kind: passage.kind, exempt: span.reason, start: span.start, end: span.end });
    }
  });
  return { ours, theirs };
}

function light(panes, index, scroll) {
  for (const pane of panes) {
    let first = true;
    for (const mark of pane.querySelectorAll("mark")) {
      const on = Number(mark.dataset.passage) === index;
      mark.classList.toggle("lit", on);
      if (on && first && scroll) {
        const shift = mark.getBoundingClientRect().top - pane.getBoundingClientRect().top;
        pane.scrollBy({ top: shift - pane.clientHeight / 3, behavior: "smooth" });
      }
      if (on) first = false;
    }
  }
}

// Hover shows a pair of passages, a click or an arrow key brings both into view.
function link(panes, count) {
  let current = -1;
  const go = (index) => light(panes, (current = (index + count) % count), true);
  for (const pane of panes) {
    const of = (event) => event.target.closest("mark")?.dataset.passage;
    pane.addEventListener("mouseover", (event) => of(event) !== undefined && light(panes, Number(of(event)), false));
    pane.addEventListener("mouseleave", () => light(panes, current, false));
    pane.addEventListener("click", (event) => of(event) !== undefined && go(Number(of(event))));
    pane.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step && count) {
        event.preventDefault();
        go(current < 0 && step < 0 ? -1 : current + step);
      }
    });
  }
}

async function articleText(match) {
  try {
    const id = encodeURIComponent(match.article.id);
    return (await ask("GET", `/v1/articles/${id}?version=${match.article.version}`)).text;
  } catch {
    return null; // deleted since, or this key may not read articles: the passages are in the report
  }
}

async function showMatch(report, match, place) {
  const { ours, theirs } = spansOf(match);
  const left = make("div", { class: "text", tabindex: "0", role: "region", "aria-label": words.submission });
  const right = make("div", { class: "text", tabindex: "0", role: "region", "aria-label": words.article });
  fill(left, report.submission.text, theirs);
  const whole = await articleText(match);
  if (whole !== null) fill(right, whole, ours);
  else {
    right.append(make("p", { class: "note" }, words.passages_only));
    match.passages.forEach((passage, index) =>
      right.append(make("p", {}, make("mark", { class: passage.kind, "data-passage": index }, passage.article.text))),
    );
  }
  link([left, right], match.passages.length);
  const kinds = ["verbatim", "edited", "reworded", "exempt"].map((kind) => make("mark", { class: kind }, words[kind]));
  const { url, title, id } = match.article;
  const name = webAddress(url) ? make("a", { href: url, rel: "noreferrer noopener", target: "_blank" }, title ?? id) : (title ?? id);
  place.replaceChildren(
    make("p", { class: "legend" }, ...kinds),
    make(
      "div",
      { class: "panes" },
      make("section", {}, make("h3", {}, words.submission), left),
      make("section", {}, make("h3", {}, `${words.article}: `, name), right),
    ),
  );
}

function matchButton(report, match, place, list) {
  const figures = `${percent(match.copied)} ${words.copied} · ${percent(match.taken)} ${words.taken}`;
  const button = make(
    "button",
    {
      type: "button",
      class: "match",
      "aria-pressed": "false",
      onclick: () => {
        for (const other of list.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
        showMatch(report, match, place);
      },
    },
    make("strong", {}, match.article.title ?? match.article.id),
    make("small", {}, figures),
  );
  return make("li", {}, button);
}

function show(report) {
  const result = $("result");
  const place = make("div");
  const list = make("ul", { class: "matches" });
  list.append(...report.matches.map((match) => matchButton(report, match, place, list)));
  const files = [
    ["report.html", words.report_html],
    ["report.pdf", words.report_pdf],
    ["evidence.zip", words.evidence],
  ].map(([file, name]) => make("a", { href: `/v1/checks/${report.id}/${file}?lang=${language}`, target: "_blank", rel: "noopener" }, name));
  const excused = !report.flagged && ["copy", "partial_copy", "rewrite"].includes(report.verdict);
  result.replaceChildren(
    make(
      "div",
      { class: `verdict ${report.flagged ? "flagged" : "quiet"} ${report.verdict}` },
      make("h2", {}, words[`verdict_${report.verdict}`], excused ? make("small", {}, ` (${words.excused})`) : null),
      make("p", { class: "score" }, make("strong", {}, percent(report.score)), ` ${words.score}`),
      make("meter", { min: 0, max: 1, value: report.score, "aria-label": words.score }, percent(report.score)),
    ),
    make("ul", { class: "reasons", "aria-label": words.reasons }, ...report.reasons.map((reason) => make("li", {}, reason))),
    make("p", { class: "files" }, ...files),
  );
  if (report.matches.length) {
    const more = report.stats.omitted ? ` (+ ${number(report.stats.omitted)} ${words.more})` : "";
    result.append(make("h2", {}, `${words.sources} ${number(report.matches.length)}${more}`), list, place);
    list.querySelector("button").click();
  }
  result.hidden = false;
  result.focus();
  result.scrollIntoView({ behavior: "smooth", block: "start" });
}

async function check(event) {
  event.preventDefault();
  const values = { text: $("text").value, title: $("title").value.trim(), url: $("url").value.trim() };
  if (!values.text.trim()) delete values.text;
  for (const name of ["title", "url"]) if (!values[name]) delete values[name];
  if (!values.text && !values.url) return say(words.empty);
  if (/^\s*<(!doctype|html|head|body|article)[\s>]/i.test(values.text ?? "")) {
    values.html = values.text;
    delete values.text;
  }
  const button = event.submitter ?? $("check").querySelector("button.main");
  button.disabled = true;
  button.textContent = words.checking;
  say("");
  try {
    show(await ask("POST", "/v1/checks", values));
  } catch (error) {
    if (error.status === 401) return home();
    $("result").hidden = true;
    say(`${words.failed}: ${error.message}`);
  } finally {
    button.disabled = false;
    button.textContent = words.check;
  }
}

const token = new URLSearchParams(location.hash.slice(1)).get("masuk");
if (token) {
  history.replaceState(null, "", location.pathname + location.search);
  signIn({ token });
}
$("sign-in")?.addEventListener("submit", (event) => {
  event.preventDefault();
  signIn({ key: $("key").value.trim() });
});
$("sign-out")?.addEventListener("click", () => ask("DELETE", "/session").finally(home));
$("check")?.addEventListener("submit", check);
$("text")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("check").requestSubmit();
});
