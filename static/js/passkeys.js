// Passkeys: a form with data-passkey asks the browser for one and is sent with its answer. What the browser is asked
// stands in the JSON element that data-passkey names; without a name it is fetched from the form's own address.
(() => {
  "use strict";

  const isKnown = Boolean(window.PublicKeyCredential && window.webauthnJSON);

  const show = (form, part, isShown) => {
    for (const element of form.querySelectorAll(`[data-passkey-part="${part}"]`)) element.hidden = !isShown;
  };

  const options = async (form) => {
    const name = form.dataset.passkey;
    if (name) return JSON.parse(document.getElementById(name).textContent);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  };

  const credential = async (form) => {
    const { creation_options: toMake, request_options: toFind } = await options(form);
    if (toFind) return window.webauthnJSON.get(toFind);
    const isAlone = Boolean(form.elements.passwordless?.checked);
    const selection = (toMake.publicKey.authenticatorSelection ??= {});
    selection.residentKey = isAlone ? "required" : "discouraged";
    selection.requireResidentKey = isAlone;
    if (isAlone) selection.userVerification = "required";
    return window.webauthnJSON.create(toMake);
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    show(form, "ready", isKnown);
    show(form, "missing", !isKnown);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      show(form, "failed", false);
      try {
        form.elements.credential.value = JSON.stringify(await credential(form));
        form.submit();
      } catch {
        show(form, "failed", true);
      }
    });
  }
})();
