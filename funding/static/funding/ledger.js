// The ledger page: says that a file is too large before it is sent. The server says it too.
const warning = document.querySelector("[data-too-large]");
const input = document.querySelector("input[type=file]");

if (warning && input) {
  const tooLarge = () => [...input.files].some((file) => file.size > Number(warning.dataset.tooLarge));
  input.addEventListener("change", () => { warning.hidden = !tooLarge(); });
  input.form.addEventListener("submit", (event) => {
    if (!tooLarge()) return;
    event.preventDefault();
    warning.hidden = false;
    input.focus();
  });
}
