// A table of boxes: takes a paste of many cells into its boxes, and adds up as one types. The page works without it.
const form = document.querySelector("[data-grid]");

const pence = (text) => {
  const given = text.trim().replace(/[£,\s]/g, "").replace(/−/g, "-");
  if (given === "" || given === "-") return 0;
  const bare = given.replace(/^\((.*)\)$/, "-$1").replace(/^(.*)-$/, "-$1");
  return /^-?\d+(\.\d{0,2})?$/.test(bare) ? Math.round(Number(bare) * 100) : null;
};
const pounds = (amount) =>
  `${amount < 0 ? "−" : ""}£${(Math.abs(amount) / 100).toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

const rows = () => [...form.querySelectorAll("[data-row]")];
const cellsOf = (row) => [...row.querySelectorAll("[data-cell], [data-fixed]")];
const amountOf = (cell) => (cell.dataset.fixed === undefined ? pence(cell.value) : pence(cell.dataset.fixed)) ?? 0;

const addUp = () => {
  const columns = [...form.querySelectorAll("[data-column-total]")].map(() => 0);
  for (const row of rows()) {
    const amounts = cellsOf(row).map(amountOf);
    amounts.forEach((amount, index) => { columns[index] += amount; });
    row.querySelector("[data-row-total]").textContent = pounds(amounts.reduce((sum, amount) => sum + amount, 0));
  }
  form.querySelectorAll("[data-column-total]").forEach((cell, index) => { cell.textContent = pounds(columns[index]); });
  const total = columns.reduce((sum, amount) => sum + amount, 0);
  form.querySelector("[data-total]").textContent = pounds(total);
  const against = form.querySelector("[data-against]");
  if (!against) return;
  const left = pence(against.dataset.against) - total;
  against.querySelector("[data-missing]").textContent =
    left === 0 ? "The table adds up to it." : `The table is ${pounds(Math.abs(left))} too ${left > 0 ? "low" : "high"}.`;
};

// Many cells at once go into the boxes from the one that has the cursor, to the right and down.
const pasteCells = (event) => {
  const box = event.target.closest("[data-cell]");
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!box || !/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  const all = rows();
  const from = all.findIndex((row) => row.contains(box));
  const column = cellsOf(all[from]).indexOf(box);
  text.replace(/\r/g, "").replace(/\n$/, "").split("\n").forEach((line, down) => {
    if (!all[from + down]) return;
    const cells = cellsOf(all[from + down]);
    line.split("\t").forEach((value, across) => {
      const cell = cells[column + across];
      if (cell && cell.dataset.fixed === undefined) cell.value = value.trim();
    });
  });
  addUp();
};

if (form) {
  form.addEventListener("paste", pasteCells);
  form.addEventListener("input", addUp);
  if (form.querySelector("[data-row]")) addUp();
}
