// On every page: signing in and out, light and dark, and asking the server as the signed-in reader.

export const csrf = document.querySelector("meta[name=csrf]").content;

// `fetch` with the session's CSRF token. Where the session has ended, the page is loaded anew, which leads to signing in.
export async function ask(method, path, body) {
  const headers = { "x-sidik-csrf": csrf };
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (answer.status === 401 && path !== "/session") location.reload();
  return answer;
}

function showMessage(text) {
  const message = document.getElementById("message");
  message.textContent = text;
  message.hidden = !text;
}

const form = document.getElementById("sign-in");

async function signIn(credentials) {
  try {
    const answer = await ask("POST", "/session", credentials);
    if (answer.ok) location.replace(form?.dataset.next ?? location.pathname + location.search);
    else if (form) showMessage(form.dataset.failed);
    else document.getElementById("link-failed")?.removeAttribute("hidden");
  } catch {
    if (form) showMessage(form.dataset.offline);
  }
}

// A sign-in link carries its token in the fragment, which never leaves the browser; it is taken out of the address at once.
function signInByLink() {
  const token = new URLSearchParams(location.hash.slice(1)).get("masuk");
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  signIn({ token });
}
signInByLink();
addEventListener("hashchange", signInByLink); // pasted where a page of ours is open already: it is not loaded again
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  signIn({ key: document.getElementById("key").value.trim() });
});
document.getElementById("sign-out")?.addEventListener("click", () => {
  ask("DELETE", "/session").finally(() => location.replace("/"));
});

// Light and dark change at once, so that nothing typed is lost; without this script the links do the same by loading the page.
for (const choice of document.querySelectorAll("[data-theme-choice]")) {
  choice.addEventListener("click", (event) => {
    event.preventDefault();
    const theme = choice.dataset.themeChoice;
    document.documentElement.dataset.theme = theme;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `sidik_theme=${theme}; max-age=34560000; path=/; samesite=lax${secure}`;
    for (const other of document.querySelectorAll("[data-theme-choice]")) other.removeAttribute("aria-current");
    choice.setAttribute("aria-current", "true");
  });
}

// On a phone the rows of a table stand as blocks without their heads, so each cell says what it is. The first one is what the row is of.
export function nameCells(within) {
  for (const table of within.querySelectorAll("table.stack")) {
    const names = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
    const first = names.findIndex(Boolean);
    for (const row of table.tBodies[0].rows) {
      for (const [at, cell] of [...row.cells].entries()) if (at > first && names[at]) cell.dataset.name = names[at];
    }
  }
}
nameCells(document);
