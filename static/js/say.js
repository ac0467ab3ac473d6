// Tells screen readers what has just happened, through the live region at the end of every page.
export function say(text) {
  const region = document.getElementById("live");
  if (!region) return;
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 50);
}
