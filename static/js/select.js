// The form marked data-selection and the boxes of its rows: how many are ticked, all of the page at once, a range by
// shift and click. Without this the boxes are sent as they stand.
(() => {
  "use strict";
  let last = null; // the id of the row ticked last

  const bar = () => document.querySelector("[data-selection]");
  const boxes = () => [...document.querySelectorAll("input[name=row][form=selection]")];

  const tell = () => {
    const form = bar();
    if (!form) return;
    const all = boxes(), ticked = all.filter((box) => box.checked).length, everything = form.elements.all;
    const page = form.querySelector("[data-page]"), said = form.querySelector("[data-count]");
    said.dataset.none ??= said.textContent;
    page.hidden = false;
    const whole = page.querySelector("input");
    whole.checked = ticked > 0 && ticked === all.length;
    whole.indeterminate = ticked > 0 && ticked < all.length;
    const count = everything.checked ? Number(form.elements.matched.value) : ticked;
    said.textContent = count ? `${said.dataset.some} ${count.toLocaleString(document.documentElement.lang)}` : said.dataset.none;
    form.classList.toggle("selection--some", count > 0);
    form.querySelectorAll("button").forEach((button) => { button.disabled = !count; });
    for (const box of all) {
      box.disabled = everything.checked;
      box.closest("tr").classList.toggle("picked", box.checked || everything.checked);
    }
  };

  document.addEventListener("click", (event) => {
    const box = event.target.closest("input[name=row][form=selection]");
    if (!box) return;
    const all = boxes(), from = all.findIndex((one) => one.value === last), to = all.indexOf(box);
    if (event.shiftKey && from >= 0) {
      all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((one) => { one.checked = box.checked; });
    }
    last = box.value;
    tell();
  });

  document.addEventListener("change", (event) => {
    const form = bar();
    if (!form?.contains(event.target)) return;
    const page = event.target.closest("[data-page]");
    if (page) boxes().forEach((one) => { one.checked = event.target.checked; });
    tell();
  });

  document.addEventListener("htmx:afterSettle", tell);
  window.addEventListener("pageshow", tell);
  tell();
})();
