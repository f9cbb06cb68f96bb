// What makes the console quicker to use; every page works without it.
"use strict";

// A form that moves money is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }));
});

// Coming back to a page shows its forms as they were: they can be sent again.
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button").forEach((button) => { button.disabled = false; });
  });
});

// Filters are asked for as soon as something else is chosen.
document.querySelectorAll("form.filter select").forEach((select) => {
  select.addEventListener("change", () => select.form.requestSubmit());
});

// What is told once can be copied, where the browser lets a page do so.
document.querySelectorAll("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied: select it";
    }
  });
});

// A part that says where to ask for itself again is shown anew, until it no longer says so.
const refresh = async (part) => {
  try {
    const reply = await fetch(location.href, { headers: { accept: "text/html" } });
    if (reply.ok) {
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const fresh = page.getElementById(part.id);
      if (fresh) {
        part.replaceWith(fresh);
        part = fresh;
      }
    }
  } catch {
    // The server may be starting again: what was shown stays, and it is asked again.
  }
  if (part.dataset.refresh) setTimeout(() => refresh(part), Number(part.dataset.refresh));
};
document.querySelectorAll("[data-refresh]").forEach((part) => {
  setTimeout(() => refresh(part), Number(part.dataset.refresh));
});
