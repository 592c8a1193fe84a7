// A menu in which a link was followed stays open after the page has been drawn anew, so that the next link is at hand;
// the link of the same id has the focus again, if need be once the menu's own content has come.
(() => {
  "use strict";
  let menu = null, link = null;

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.closest("details.menu")) return;
    const active = document.activeElement;
    menu = active?.closest("details.menu[id][data-stays]")?.id;
    link = active?.id;
  });

  document.addEventListener("htmx:afterSettle", () => {
    const found = menu && document.getElementById(menu);
    if (!found) return;
    found.open = true;
    (document.getElementById(link) || found.querySelector("summary")).focus();
    if (!found.querySelector("[hx-get]")) menu = null;
  });
})();
