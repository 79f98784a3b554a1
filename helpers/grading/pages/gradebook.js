
"use strict";
const table = document.querySelector(".grades"), body = table.tBodies[0], rows = [...body.rows];
const search = document.getElementById("search"), only = document.getElementById("only"), shown = document.getElementById("shown");
const words = rows.map(row => row.cells[0].textContent.toLowerCase());
const compare = new Intl.Collator(undefined, {numeric: true}).compare;
const value = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();

function filter() {
  const wanted = search.value.trim().toLowerCase();
  let count = 0;
  rows.forEach((row, number) => {
    row.hidden = !words[number].includes(wanted) || (only.checked && !row.hasAttribute("data-attention"));
    count += !row.hidden;
  });
  shown.textContent = `${count} of ${rows.length} shown`;
}

[...table.tHead.rows[0].cells].forEach((head, column) => {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "descending" : column === 0;
    [...table.tHead.rows[0].cells].forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = new Map(rows.map(row => [row, value(row, column)]));
    const order = [...rows].sort((one, other) => {
      const [a, b] = [key.get(one), key.get(other)];
      // Without points: below, whichever way.
      return (a === "") - (b === "") || (up ? 1 : -1) * compare(a, b);
    });
    body.append(...order);
  });
});
search.addEventListener("input", filter);
only.addEventListener("change", filter);
document.querySelector(".tools").hidden = false;
filter();
