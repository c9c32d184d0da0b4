// Light or dark: as the reader's system is, until the reader chooses.

function listenToTheme(control, redraw) {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    setText(control, isDark() ? "☀" : "☾");
    const title = isDark() ? "light colours" : "dark colours";
    control.title = title;
    control.setAttribute("aria-label", title);
  };
  control.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    show();
    redraw();
  });
  system.addEventListener("change", () => {
    show();
    redraw();
  });
  show();
}
