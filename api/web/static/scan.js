// A running scan: its figures are brought up to date every two seconds. Nothing that can hold the focus is replaced.
import { nameCells } from "./sidik.js";

const PAUSE = 2000;
const progress = document.getElementById("progress");
const told = document.getElementById("state");

async function look() {
  if (document.hidden) return setTimeout(look, PAUSE);
  try {
    const answer = await fetch(location.href);
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("progress");
      progress.replaceChildren(...fresh.childNodes);
      nameCells(progress);
      if (!("going" in fresh.dataset)) {
        told.firstChild.textContent = `${told.dataset.ended} `;
        return;
      }
    }
  } catch {
    // the server is away for a moment: look again
  }
  setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
