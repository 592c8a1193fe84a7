// The rows of a table marked data-rows by keys: j and k go down and up, x ticks the row's box, e opens its first field
// that can be changed, Enter its page. After the table has been drawn anew the same row, or the same link, has the focus.
(() => {
  "use strict";

  const rows = () => [...document.querySelectorAll("[data-rows] tbody tr[id]:not(.area)")];
  const own = (row, selector) => row?.querySelector(selector);
  let place = null; // the id of the row last gone to

  const go = (row) => {
    if (!row) return;
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    place = row.id;
  };

  const keys = {
    j: (all, at) => go(all[Math.min(at + 1, all.length - 1)]),
    k: (all, at) => go(all[Math.max(at - 1, 0)]),
    x: (all, at) => own(all[at], "input[name=row]")?.click(),
    e: (all, at) => own(all[at], "a.edit")?.click(),
    Enter: (all, at) => own(all[at], ".what a, .wording a")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input:not([name=row]), textarea, select, [contenteditable]")) return;
    if (event.key === "Enter" && !event.target.matches("tr")) return;
    const all = rows();
    if (!all.length) return;
    event.preventDefault();
    act(all, all.findIndex((row) => row.contains(document.activeElement) || (document.activeElement === document.body && row.id === place)));
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (!event.detail.target?.querySelector("[data-rows]") || document.activeElement !== document.body) return;
    const row = place && document.getElementById(place);
    if (row) go(row);
  });
})();
