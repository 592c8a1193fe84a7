// A form marked data-unsaved asks before it is left with something typed and not sent. Where it saves itself (htmx), what
// was saved need not be asked about, and what was not is said in the words of data-unsent at its #saved.
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  let typed = form.querySelector("[aria-invalid]") !== null;
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { typed = false; });
  form.addEventListener("htmx:beforeRequest", () => { typed = false; });
  form.addEventListener("htmx:afterRequest", (event) => {
    const refused = document.querySelector("#saved .late");
    if (event.detail.successful && !refused) return;
    typed = true;
    const place = document.querySelector("#saved");
    if (place && !event.detail.successful) place.textContent = form.dataset.unsent;
  });
  window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
}
