// Takes a card through Stripe.js: it is typed into Stripe's own fields, and only the name of what Stripe saved goes into
// our form. Whatever else is wrong with the form is told by the page that answers it.
"use strict";

(() => {
  const box = document.getElementById("card");
  const form = box.closest("form");
  const field = box.closest(".field");
  const fault = document.getElementById("card-fault");
  const setup = form.elements.namedItem("card_setup");
  const button = form.querySelector("button.main");
  const NOT_LOADED = "The field for the card did not load. Please reload the page.";
  const NOT_NOW = "The card cannot be saved just now. Please try again in a moment.";

  const tell = (text) => {
    fault.textContent = text;
    field.classList.toggle("wrong", text !== "");
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const wantsNewCard = () => {
    const chosen = form.querySelector("[name=method]:checked");
    return chosen === null || chosen.value === "new";
  };
  const send = () => HTMLFormElement.prototype.submit.call(form);

  const mounted = () => {
    const stripe = window.Stripe(box.dataset.key);
    const card = stripe.elements().create("card", {
      hidePostalCode: true,
      style: {
        base: { color: colour("--text"), fontSize: "16px", "::placeholder": { color: colour("--muted") } },
        invalid: { color: colour("--fault") },
      },
    });
    card.mount(box);
    card.on("change", (event) => tell(event?.error?.message ?? ""));
    return { stripe, card };
  };

  // Saves the card and sends the form; what was wrong with the card otherwise.
  const save = async ({ stripe, card }) => {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(box.dataset.start, { method: "POST", body });
    const begun = await answer.json();
    if (begun.secret) {
      const result = await stripe.confirmCardSetup(begun.secret, { payment_method: { card } });
      if (result.error) return result.error.message || NOT_NOW;
      setup.value = result.setupIntent.id;
    } else if (begun.fault) {
      return begun.fault;
    }
    send();
    return "";
  };

  if (typeof window.Stripe !== "function") {
    tell(NOT_LOADED);
    return;
  }
  const parts = mounted();
  let isBusy = false;
  form.addEventListener("submit", async (event) => {
    if (!wantsNewCard()) return;
    event.preventDefault();
    if (isBusy) return;
    isBusy = button.disabled = true;
    tell("");
    const wrong = await save(parts).catch(() => NOT_NOW);
    if (wrong === "") return;
    tell(wrong);
    isBusy = button.disabled = false;
    button.focus();
  });
  // A page that the browser shows again as it was left can be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    isBusy = button.disabled = false;
    setup.value = "";
  });
})();
