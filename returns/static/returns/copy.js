// A button beside each figure that copies it and ticks it. Without it the box is selected by hand.
const table = document.querySelector("[data-copy]");
const said = document.querySelector("[data-copied]");

for (const box of table.querySelectorAll("input[readonly]")) {
  const button = document.createElement("button");
  const name = document.getElementById(box.getAttribute("aria-labelledby")).firstChild.textContent.trim();
  button.type = "button";
  button.className = "govuk-button govuk-button--secondary app-copy__button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${name}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(box.value);
    } catch {
      box.select();
      said.textContent = "This browser does not copy by itself. The figure is selected: press Ctrl and C.";
      return;
    }
    const tick = box.closest("tr").querySelector("input[type=checkbox]");
    if (tick) tick.checked = true;
    button.textContent = "Copied";
    said.textContent = `${name} copied: ${box.value}`;
  });
  box.after(button);
}
