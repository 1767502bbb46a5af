// The grid of entries: takes a paste into its cells, adds the rows that it needs, walks up and down by arrow keys and
// says what the rows add up to. It works without: the paste has a box of its own, and rows are added by a button.
import { cellsOf } from "../core/cells.js";

const form = document.querySelector("[data-grid]");

const pence = (text) => {
  const given = text.trim().replace(/[£,\s]/g, "").replace(/−/g, "-");
  const bare = given.replace(/^\((.*)\)$/, "-$1").replace(/^(.*)-$/, "-$1");
  return /^-?\d+(\.\d{0,2})?$/.test(bare) ? Math.round(Number(bare) * 100) : null;
};
const pounds = (amount) =>
  `${amount < 0 ? "−" : ""}£${(Math.abs(amount) / 100).toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

if (form) {
  const body = form.querySelector(".funding-grid tbody");
  const total = form.querySelector("[name$=-TOTAL_FORMS]");
  const most = Number(form.dataset.most);
  const boxes = (row) => [...row.querySelectorAll("input")];
  const rowsOf = () => [...body.rows];

  const addRow = () => {
    const number = body.rows.length;
    const row = body.rows[0].cloneNode(true);
    row.querySelector("th").textContent = number + 1;
    for (const box of boxes(row)) {
      box.id = box.id.replace(/-\d+-/, `-${number}-`);
      box.name = box.name.replace(/-\d+-/, `-${number}-`);
      box.setAttribute("aria-label", box.getAttribute("aria-label").replace(/\d+$/, number + 1));
      box.value = "";
      box.classList.remove("govuk-input--error");
      box.removeAttribute("aria-invalid");
      box.removeAttribute("aria-describedby");
    }
    for (const words of row.querySelectorAll(".govuk-error-message")) words.remove();
    body.append(row);
    total.value = body.rows.length;
    return row;
  };

  const showSum = () => {
    const sums = { net: 0, vat: 0 };
    let filled = 0, unread = 0;
    for (const row of rowsOf()) {
      if (boxes(row).every((box) => box.value.trim() === "")) continue;
      filled += 1;
      for (const name of ["net", "vat"]) {
        const text = row.querySelector(`[name$="-${name}"]`).value;
        const amount = text.trim() === "" ? 0 : pence(text);
        if (amount === null) unread += 1;
        else sums[name] += amount;
      }
    }
    const line = form.querySelector("[data-sum]");
    const odd = unread ? ` ${unread} ${unread === 1 ? "amount" : "amounts"} cannot be read.` : "";
    line.textContent = filled ? `${filled} ${filled === 1 ? "row" : "rows"}: net ${pounds(sums.net)}, VAT ${pounds(sums.vat)}.${odd}` : "";
  };

  body.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
    event.preventDefault();
    let pasted = cellsOf(text);
    // A header copied with the rows holds no figure.
    if (pasted.length > 1 && !/\d/.test(pasted[0].join(""))) pasted = pasted.slice(1);
    const from = rowsOf().indexOf(event.target.closest("tr"));
    const column = boxes(event.target.closest("tr")).indexOf(event.target);
    let last = event.target;
    pasted.slice(0, most - from).forEach((cells, down) => {
      const row = body.rows[from + down] ?? addRow();
      cells.forEach((cell, across) => {
        const box = boxes(row)[column + across];
        if (box) { box.value = cell; last = box; }
      });
    });
    last.focus();
    showSum();
  });

  body.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    // A list of choices walks by the same keys.
    if (!step || event.altKey || event.target.hasAttribute("list")) return;
    const row = event.target.closest("tr");
    const other = body.rows[rowsOf().indexOf(row) + step];
    if (!other) return;
    event.preventDefault();
    boxes(other)[boxes(row).indexOf(event.target)].focus();
  });

  form.addEventListener("input", showSum);
  showSum();
}
