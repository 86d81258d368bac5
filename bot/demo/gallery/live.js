
// A choice is a press: the button beside a select is for those without scripts.
for (const field of document.querySelectorAll("[data-press]")) {
  const button = field.parentElement.querySelector("button[name=press]");
  button.hidden = true;
  field.addEventListener("change", () => field.form.requestSubmit(button));
}
document.querySelector("dialog, .said:last-of-type")?.scrollIntoView();
document.querySelector("#say [name=text]")?.focus({ preventScroll: true });
