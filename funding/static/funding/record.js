// The record page: shows the boxes that the kind needs, and what of the cost is still to be split. It works without.
const form = document.querySelector("[data-record]");

const pence = (text) => {
  const given = text.trim().replace(/[£,\s]/g, "").replace(/−/g, "-");
  const bare = given.replace(/^\((.*)\)$/, "-$1").replace(/^(.*)-$/, "-$1");
  return /^-?\d+(\.\d{0,2})?$/.test(bare) ? Math.round(Number(bare) * 100) : null;
};
const pounds = (amount) =>
  `${amount < 0 ? "−" : ""}£${(Math.abs(amount) / 100).toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
const box = (name) => form.elements[name];
const chosen = (name) => form.querySelector(`[name="${name}"]:checked`)?.value;

const showKind = () => {
  const inKind = chosen("kind") === "in-kind";
  for (const part of form.querySelectorAll("[data-for]")) {
    const wanted = (part.dataset.for === "in-kind") === inKind;
    // What was typed into a box stays in sight, so that a refusal about it can be put right.
    const typed = [...part.querySelectorAll("input")].some((input) => input.value.trim() !== "");
    part.hidden = !wanted && !typed;
  }
};

const showSum = () => {
  const line = form.querySelector("[data-sum]");
  const shares = [...form.querySelectorAll("[data-charge] [name$=-share]")].map((input) => input.value.trim());
  const filled = shares.filter((share) => share !== "");
  line.textContent = "";
  if (filled.length === 0) return;
  if (chosen("split_by") === "percent") {
    const parts = filled.map((share) => Number(share.replace(/%$/, "")));
    if (parts.some(Number.isNaN)) return;
    const left = Math.round((100 - parts.reduce((sum, part) => sum + part, 0)) * 10000) / 10000;
    line.textContent = left === 0 ? "The percentages make up 100." : `Still to be split: ${left}%.`;
    return;
  }
  const net = pence(box("net").value);
  const vat = box("vat").value.trim() === "" ? 0 : pence(box("vat").value);
  const parts = filled.map(pence);
  if (net === null || vat === null || parts.includes(null)) return;
  // Left empty, all of the VAT is recovered where the organisation recovers it, else none: as the server has it.
  const said = box("recoverable_vat").value.trim();
  const recovered = said === "" ? (form.dataset.recovers === "yes" ? vat : 0) : pence(said);
  if (recovered === null) return;
  const cost = net + vat - recovered;
  const left = cost - parts.reduce((sum, part) => sum + part, 0);
  line.textContent = left === 0 ? `The lines make up the cost of ${pounds(cost)}.` : `Cost ${pounds(cost)}. Still to be split: ${pounds(left)}.`;
};

if (form) {
  form.addEventListener("input", showSum);
  form.addEventListener("change", () => { showKind(); showSum(); });
  showKind();
  showSum();
}
