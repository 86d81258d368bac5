"use strict";

// Data tables: a press on a header sorts by the raw numbers behind the cells, and long tables are turned page by page.
for (const table of document.querySelectorAll("table[data-page]")) {
  const body = table.tBodies[0];
  const size = Number(table.dataset.page) || body.rows.length;
  const pager = document.createElement("div");
  pager.className = "pager";
  let first = 0;

  const turn = (to) => {
    first = Math.max(0, Math.min(to, Math.floor((body.rows.length - 1) / size) * size));
    [...body.rows].forEach((row, n) => { row.hidden = n < first || n >= first + size; });
    pager.querySelector("span").textContent =
      `${first + 1}–${Math.min(first + size, body.rows.length)} of ${body.rows.length}`;
  };

  if (body.rows.length > size) {
    for (const [label, step] of [["‹", -size], ["›", size]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", () => turn(first + step));
      pager.append(button);
    }
    pager.append(document.createElement("span"));
    table.closest(".scroll").after(pager);
    turn(0);
  }

  const value = (cell) => (cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value));
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.querySelector(".sort").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = [...body.rows].sort((a, b) => {
        const [left, right] = [value(a.cells[column]), value(b.cells[column])];
        if (typeof left !== typeof right) return typeof left === "number" ? -1 : 1;
        const order = typeof left === "number" ? left - right : left.localeCompare(right);
        return down ? -order : order;
      });
      body.append(...sorted);
      if (body.rows.length > size) turn(0);
    });
  });
}

// As on a telephone: by the button, or from the start with #phone.
const phone = (on) => document.body.classList.toggle("phone", on);
if (location.hash === "#phone") phone(true);
document.getElementById("width")?.addEventListener("click", () => phone());
