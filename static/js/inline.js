// A field changed in its table: a link marked class="edit" opens its form over the cell, Esc and data-close put the cell
// back. The answer to the form is the form again, with the reason, or the table drawn anew. Without this: a page each.
(() => {
  "use strict";

  const forms = () => [...document.querySelectorAll("td > form.inline, th > form.inline")];
  const isTyped = (form) => form.dataset.typed === "yes";
  const isEdit = (address) => Boolean(address) && /\/edit\/\w+\/$/.test(new URL(address, location.href).pathname);
  let place = null; // where the focus returns: the id of the row, and the address in its link

  const link = () => {
    const row = place && document.getElementById(place.row);
    return row?.querySelector(`a.edit[href="${CSS.escape(place.href)}"]`);
  };

  const enter = (form) => {
    const cell = form.parentElement, frame = document.documentElement.clientWidth;
    form.classList.toggle("inline--end", cell.getBoundingClientRect().left + form.offsetWidth > frame);
    form.scrollIntoView({ block: "nearest" });
    if (form.contains(document.activeElement)) return;
    const ways = [
      "[aria-invalid=true]",
      "[data-focus]",
      `.texts [lang="${document.documentElement.lang}"]`,
      ".field :is(input, textarea, select):not([type=hidden])",
      ".actions a",
    ];
    const first = ways.map((one) => form.querySelector(one)).find(Boolean);
    first?.focus({ preventScroll: true });
    if (first?.matches("input")) first.select(); // as in a spreadsheet: what is typed takes the place of what stands
  };

  const close = (form) => {
    form.remove();
    link()?.focus();
  };

  document.addEventListener("click", (event) => {
    const form = event.target.closest("td > form.inline, th > form.inline");
    if (form && event.target.closest("[data-close]")) {
      event.preventDefault();
      close(form);
    } else if (form && event.target.closest("[data-theirs]")) {
      event.preventDefault();
      form.remove();
      htmx.ajax("GET", event.target.closest("a").href, { target: "#table", swap: "innerHTML" });
    } else if (event.target.closest("#said [data-close]")) {
      document.getElementById("said").replaceChildren();
    }
    const asked = event.target.closest("a.edit");
    if (!asked || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const typed = forms().find(isTyped);
    if (typed) return enter(typed); // nothing that was typed is lost by opening another
    forms().forEach((one) => one.remove());
    place = { row: asked.closest("tr").id, href: asked.getAttribute("href") };
    htmx.ajax("GET", asked.href, { target: asked.closest("td, th"), swap: "beforeend" });
  });

  document.addEventListener("keydown", (event) => {
    const form = event.target.closest("td > form.inline, th > form.inline");
    if (!form || event.key !== "Escape") return;
    event.preventDefault();
    close(form);
  });

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form.inline");
    if (form) form.dataset.typed = "yes";
  });

  // A form that was refused is shown again; whatever else comes in its place is asked for as a page
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, xhr, target } = event.detail;
    if (!isEdit(requestConfig.path)) return;
    if (xhr.status < 400) return;
    event.detail.isError = false;
    event.detail.shouldSwap = /<form class="inline"/.test(event.detail.serverResponse);
    if (event.detail.shouldSwap) return;
    if (target.matches("form.inline")) {
      delete target.dataset.typed;
      target.submit();
    } else {
      location.assign(requestConfig.path);
    }
  });

  document.addEventListener("htmx:sendError", (event) => {
    const form = event.detail.target.closest?.("form.inline");
    if (!form) return;
    const said = form.querySelector("[data-said]");
    said.textContent = form.dataset.unsent;
    said.hidden = false;
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "table" && place) {
      link()?.focus();
      place = null;
    }
    if (isEdit(event.detail.pathInfo?.requestPath)) forms().forEach(enter);
  });

  window.addEventListener("beforeunload", (event) => {
    if (forms().some(isTyped)) event.preventDefault();
  });
})();
