// What links and forms cannot do alone. Every page works without this file.
import { say } from "./say.js";

const root = document.documentElement;
root.classList.add("js");

const openMenus = () => [...document.querySelectorAll("details.menu[open]")];

function closeMenusOutside(target) {
  for (const menu of openMenus()) {
    if (!menu.contains(target)) menu.open = false;
  }
}

function closeInnermostMenu() {
  const menu = openMenus().findLast((found) => found.contains(document.activeElement)) ?? openMenus().at(-1);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

async function copy(button) {
  const text = button.parentElement.querySelector("[data-copy-text]").textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
    say(button.dataset.done);
    button.classList.add("copied");
  } catch {
    // Without a clipboard (plain http, permission refused) the text is selected, ready for the keyboard.
    getSelection().selectAllChildren(button.parentElement.querySelector("[data-copy-text]"));
  }
}

async function keepDisplay(form, changed) {
  if (changed.name === "theme") root.dataset.theme = changed.value;
  if (changed.name === "text_size") root.dataset.size = changed.value;
  await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
}

function selectAll(box) {
  const boxes = [...box.closest("form, .tw").querySelectorAll("td.cb input[type=checkbox]")];
  for (const other of boxes) other.checked = box.checked;
}

document.addEventListener("click", (event) => {
  closeMenusOutside(event.target);
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
  if (event.target.closest("[data-print]")) window.print();
});

document.addEventListener("focusin", (event) => closeMenusOutside(event.target));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeInnermostMenu();
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-display]");
  if (form) keepDisplay(form, event.target);
  if (event.target.matches("[data-select-all]")) selectAll(event.target);
});

// A second press while the first is on its way would send the form twice. The wait is short, since the answer may be a
// download, which leaves the page as it is.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 3000);
});

document.querySelector("[data-focus]")?.focus();

const uploads = document.querySelectorAll("form[data-upload]");
if (uploads.length) {
  const { start } = await import("./upload.js");
  uploads.forEach(start);
}

const passkeys = document.querySelectorAll("form[data-passkey]");
if (passkeys.length) {
  const { start } = await import("./passkeys.js");
  passkeys.forEach(start);
}
