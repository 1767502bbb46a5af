// Filling a section: says as one types whether figures balance and breakdowns make their headline, and takes a paste of
// a breakdown's column or table. The server checks the same; the page works without this.
import { cellsOf } from "../core/cells.js";

const form = document.querySelector("[data-filling]");

const number = (text) => {
  const plain = text.trim().replace(/^(\d{1,3})((?:,\d{3})+)(\.\d+)?$/, (all) => all.replaceAll(",", ""));
  return /^\d{1,12}(\.\d{1,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : null;
};
const said = (hundredths) => (hundredths / 100).toLocaleString("en-GB");
const box = (name) => form.elements.namedItem(name);

// A figure of this page as it is typed, of another section as it is saved; null where there is none.
const amount = (code, known) => {
  const here = box(code);
  if (here) return number(here.value);
  return code in known ? known[code] * 100 : null;
};

const showBalances = () => {
  for (const line of form.querySelectorAll("[data-terms]")) {
    const terms = line.dataset.terms.match(/[+-][A-Z]{3}-\d{2}[a-z]?/g);
    const known = JSON.parse(line.dataset.known);
    const values = terms.map((term) => [term[0] === "+" ? 1 : -1, amount(term.slice(1), known)]);
    const out = line.querySelector("[data-says]");
    if (values.some(([, value]) => value === null)) { out.textContent = "Not all of these figures are filled yet."; continue; }
    const difference = values.reduce((sum, [sign, value]) => sum + sign * value, 0);
    const holds = difference === 0 || (line.dataset.relation === "at-most" && difference < 0);
    const side = (wanted) => values.filter(([sign]) => sign === wanted).map(([, value]) => said(value)).join(" + ");
    const words = `${side(1)} against ${side(-1)}`;
    out.textContent = holds ? `These agree: ${words}.` : `These do not agree: ${words}. The difference is ${said(Math.abs(difference))}.`;
  }
};

const showTotals = () => {
  for (const line of form.querySelectorAll("[data-total-of]")) {
    const table = document.getElementById(line.dataset.table);
    const parts = [...table.querySelectorAll(`[data-column="${line.dataset.column}"] input`)].map((part) => part.value);
    const headline = number(box(line.dataset.totalOf).value);
    if (parts.every((part) => part.trim() === "") || headline === null) { line.textContent = ""; continue; }
    const values = parts.map((part) => (part.trim() === "" ? 0 : number(part)));
    if (values.includes(null)) { line.textContent = "A row is not a number."; continue; }
    const sum = values.reduce((all, value) => all + value, 0);
    const left = headline - sum;
    line.textContent = left === 0 ? `The rows make ${said(sum)}, as the headline.` : `The rows make ${said(sum)}, the headline is ${said(headline)}: ${said(Math.abs(left))} too ${left > 0 ? "few" : "many"}.`;
  }
};

const show = () => { showBalances(); showTotals(); };

// A column or table of figures goes into the rows from the one that has the cursor. Names that were copied with the
// figures, and a header over them, are left out.
const paste = (event) => {
  const table = event.target.closest("[data-breakdown]");
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!table || !/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
  event.preventDefault();
  let pasted = cellsOf(text);
  if (pasted.length > 1 && !/\d/.test(pasted[0].slice(-1)[0])) pasted = pasted.slice(1);
  const rows = [...table.querySelectorAll("tbody tr")];
  const from = rows.indexOf(event.target.closest("tr"));
  const boxes = (row) => [...row.querySelectorAll("input")];
  const column = boxes(rows[from]).indexOf(event.target);
  const named = pasted.every((cells) => cells.length > 1 && number(cells[0]) === null);
  const names = rows.map((row) => row.querySelector("th").textContent.trim().toLowerCase());
  let last = event.target;
  pasted.forEach((cells, down) => {
    // Rows that are named go where their name is, in whatever order they come.
    const place = named ? names.indexOf(cells[0].toLowerCase()) : from + down;
    const row = rows[place < 0 ? from + down : place];
    if (!row) return;
    (named ? cells.slice(1) : cells).forEach((cell, across) => {
      const into = boxes(row)[column + across];
      if (into) { into.value = cell; last = into; }
    });
  });
  last.focus();
  show();
};

form.addEventListener("input", show);
form.addEventListener("paste", paste);
show();
