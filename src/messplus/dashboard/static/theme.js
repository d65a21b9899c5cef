// Before the first paint: the theme that was chosen last, else the system's.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("messplus-theme");
  } catch {
    // A browser that keeps nothing for this site: the system's theme.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
