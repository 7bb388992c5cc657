// The form that takes a text to be checked. It works without this script; with it, files can be dropped anywhere on it, a
// mistake is said before anything is sent, and Ctrl+Enter sends.

const form = document.getElementById("check");

if (form) {
  const { text, file, url } = form.elements;
  const button = form.querySelector("button.main");
  const trouble = document.getElementById("trouble");
  const name = button.textContent;

  const say = (message) => {
    trouble.textContent = message;
    trouble.hidden = !message;
  };
  const waiting = (on) => {
    button.disabled = on;
    button.textContent = on ? form.dataset.busy : name;
  };

  form.addEventListener("submit", (event) => {
    say("");
    if (!text.value.trim() && !file.files.length && !url.value.trim()) {
      event.preventDefault();
      say(form.dataset.empty);
      text.focus();
      return;
    }
    waiting(true);
  });
  addEventListener("pageshow", () => waiting(false)); // back from the report, with the form as it was left
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });

  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  const over = (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    form.classList.add("over");
  };
  form.addEventListener("dragenter", over);
  form.addEventListener("dragover", over);
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget)) form.classList.remove("over");
  });
  form.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    form.classList.remove("over");
    const dropped = event.dataTransfer.files;
    if (!/\.(txt|html?|docx|pdf)$/i.test(dropped[0]?.name ?? "")) return say(form.dataset.kind);
    file.files = dropped;
    form.requestSubmit();
  });
}
