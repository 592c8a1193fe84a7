// "Why?" in a list: the answer is fetched and stands under the question, and is announced; asked again, it goes.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.why[href]:not([hx-get])");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const place = link.parentElement.nextElementSibling ?? link.parentElement.insertAdjacentElement("afterend", document.createElement("div"));
  place.setAttribute("aria-live", "polite");
  if (place.childElementCount) place.replaceChildren();
  else htmx.ajax("GET", link.href, { target: place, swap: "innerHTML" });
});
