// A form marked data-unsaved asks before it is left with something typed and not sent.
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  let typed = form.querySelector("[aria-invalid]") !== null;
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { typed = false; });
  window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
}
