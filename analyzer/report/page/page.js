"use strict";
// What makes the page handy; without it everything is still there to read.
(() => {
  const root = document.documentElement;
  const $$ = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const said = document.getElementById("said");
  const tip = document.getElementById("tip");

  // Dark or light: as the system says, until the button says otherwise. Pages from disk share no storage worth using.
  const button = document.getElementById("theme");
  if (button) {
    const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const label = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Switch to ${dark() ? "light" : "dark"} colours`); };
    button.hidden = false;
    button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
    label();
  }

  // Copy what stands beside the button.
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed here: the old way */ }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  document.addEventListener("click", async (event) => {
    const from = event.target.closest("[data-copy]");
    if (!from) return;
    const done = await copy(from.parentElement.querySelector("pre").textContent);
    from.textContent = done ? "Copied" : "Select and copy";
    said.textContent = done ? "Copied" : "Could not copy";
    setTimeout(() => { from.textContent = "Copy"; }, 1600);
  });

  // What a mark of a chart holds: on hover, or on touch.
  const hide = () => { tip.hidden = true; };
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest && event.target.closest("[data-tip]");
    if (!mark) { hide(); return; }
    tip.textContent = mark.dataset.tip;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 4))}px`;
    tip.style.top = `${event.clientY + box.height + 24 > innerHeight ? event.clientY - box.height - 10 : event.clientY + 16}px`;
  });
  document.addEventListener("scroll", hide, { passive: true });

  // One side at a time.
  for (const group of $$("[data-switch]")) {
    const panels = $$("[data-panel]", group.parentElement);
    const show = (side) => {
      for (const panel of panels) panel.hidden = panel.dataset.panel !== side;
      for (const one of $$("button", group)) one.setAttribute("aria-pressed", String(one.dataset.show === side));
    };
    group.hidden = false;
    group.addEventListener("click", (event) => { if (event.target.dataset.show) show(event.target.dataset.show); });
    show(panels[0].dataset.panel);
  }

  // A link to what is folded unfolds it.
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const inner = target.tagName === "ARTICLE" && target.querySelector("details");
    if (inner) inner.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();

  // The suffix tree: filter, sort, fold.
  const tree = document.querySelector(".tree");
  const tools = document.querySelector("[data-tree-tools]");
  if (tree && tools) {
    tools.hidden = false;
    const items = $$("li[data-name]", tree);
    const folded = new Map($$("details", tree).map((one) => [one, one.open]));
    tools.querySelector("[data-tree-filter]").addEventListener("input", (event) => {
      const wanted = event.target.value.trim().toLowerCase();
      const shown = new Set();
      for (const item of items) {
        if (!item.dataset.name.toLowerCase().includes(wanted)) continue;
        for (let at = item; at && at !== tree; at = at.parentElement) shown.add(at);
      }
      for (const item of items) item.hidden = wanted !== "" && !shown.has(item);
      for (const [one, open] of folded) one.open = wanted ? shown.has(one) : open;
      said.textContent = wanted ? `${items.filter((one) => !one.hidden).length} suffixes shown` : "";
    });
    const orders = {
      queries: (a, b) => b.dataset.queries - a.dataset.queries,
      denied: (a, b) => b.dataset.denied - a.dataset.denied || b.dataset.queries - a.dataset.queries,
      name: (a, b) => (a.dataset.name < b.dataset.name ? -1 : 1),
    };
    tools.querySelector("[data-tree-sort]").addEventListener("change", (event) => {
      for (const list of $$("ul", tree)) {
        const rows = Array.from(list.children).filter((one) => one.dataset.name !== undefined);
        list.prepend(...rows.sort(orders[event.target.value]));
      }
    });
    tools.querySelector("[data-tree-open]").addEventListener("click", () => { for (const one of folded.keys()) one.open = true; });
    tools.querySelector("[data-tree-fold]").addEventListener("click", () => { for (const one of folded.keys()) one.open = false; });
  }

  // Print shows what is folded, and folds it again afterwards.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = $$(".card > details:not([open]), .sheet:not([open])");
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; opened = []; });
})();
