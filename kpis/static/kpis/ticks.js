// Counts what is ticked for a supplier. A breakdown asks for its measure too. The page works without it.
const boxes = document.querySelector("[data-ticks]");

const count = () => {
  for (const part of boxes.querySelectorAll("[data-table]:checked")) {
    boxes.querySelector(`[name="measures"][value="${part.value.split("/")[0]}"]`).checked = true;
  }
  const numbers = boxes.querySelectorAll("[data-number]:checked").length;
  const tables = boxes.querySelectorAll("[data-table]:checked").length;
  boxes.querySelector("[data-count]").textContent = `Ticked: ${numbers} headline ${numbers === 1 ? "number" : "numbers"} and ${tables} breakdown ${tables === 1 ? "table" : "tables"}.`;
};

boxes.addEventListener("change", count);
count();
