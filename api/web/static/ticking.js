// One box that ticks all boxes of a table.
for (const all of document.querySelectorAll("[data-tick-all]")) {
  const boxes = [...all.closest("table").querySelectorAll("tbody input[type=checkbox]")];
  all.hidden = boxes.length < 2;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
}
