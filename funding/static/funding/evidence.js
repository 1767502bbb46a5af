// Sending evidence: files may be dropped on the box, are listed, and are weighed before they are sent. It works without.
const input = document.querySelector("[data-drop]");
const told = document.querySelector("[data-dropped]");

if (input && told) {
  const zone = input.closest(".govuk-form-group");
  const { most, each, together } = told.dataset;
  const megabytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  const tooMuch = () => {
    const files = [...input.files];
    const large = files.filter((file) => file.size > Number(each)).map((file) => file.name);
    if (large.length) return `Too large: ${large.join(", ")}.`;
    if (files.length > Number(most)) return `These are ${files.length} files; send at most ${most} at a time.`;
    const total = files.reduce((sum, file) => sum + file.size, 0);
    return total > Number(together) ? `These files are ${megabytes(total)} together. Send fewer at a time.` : "";
  };
  const tell = () => {
    const files = [...input.files];
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const count = files.length === 1 ? "1 file" : `${files.length} files`;
    told.textContent = tooMuch() || (files.length ? `${count}, ${megabytes(total)}: ${files.map((file) => file.name).join(", ")}` : "");
    told.classList.toggle("govuk-error-message", tooMuch() !== "");
  };

  zone.classList.add("funding-drop");
  input.addEventListener("change", tell);
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("funding-drop--over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("funding-drop--over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("funding-drop--over");
    // What was chosen before stays: a second drop adds to it.
    const all = new DataTransfer();
    for (const file of [...input.files, ...event.dataTransfer.files]) all.items.add(file);
    input.files = all.files;
    tell();
  });
  input.form.addEventListener("submit", (event) => {
    if (!tooMuch()) return;
    event.preventDefault();
    tell();
    input.focus();
  });
}
