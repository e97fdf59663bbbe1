"use strict";
// Everything on the page can be read without this: it adds a filter, sorting, and opens what a link leads to.
(() => {
  const open = (element) => {
    for (let at = element; at; at = at.parentElement) {
      if (at instanceof HTMLDetailsElement) at.open = true;
    }
  };
  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    open(target);
    target.closest("details.part")?.scrollIntoView();
  };
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link && link.hash === location.hash) follow();
  });
  follow();

  const filter = document.querySelector(".filter");
  if (filter) {
    const rules = [...document.querySelectorAll(".rule")].map((rule) => [rule, null]);
    const input = filter.querySelector("input");
    const output = filter.querySelector("output");
    filter.hidden = false;
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let shown = 0;
      for (const entry of rules) {
        entry[1] ??= entry[0].textContent.toLowerCase();
        const show = entry[1].includes(wanted);
        entry[0].hidden = !show;
        if (show) shown += 1;
      }
      output.value = wanted ? `${shown} of ${rules.length} rules` : "";
    });
  }

  const worth = (row, column, kind) => {
    const text = row.cells[column]?.textContent.trim() ?? "";
    if (kind === "n") return Number(text.replaceAll(",", "")) || 0;
    const order = ["critical", "high", "medium", "low", "informational"].indexOf(text);
    return order < 0 ? text.toLowerCase() : order;
  };
  const sort = (table, head, column) => {
    const kind = head.classList.contains("n") ? "n" : "";
    const was = head.getAttribute("aria-sort");
    const down = was ? was === "ascending" : kind === "n";
    const sign = down ? -1 : 1;
    const rows = [...table.tBodies[0].rows].map((row) => [worth(row, column, kind), row]);
    rows.sort((a, b) => (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : 0));
    table.tBodies[0].append(...rows.map((entry) => entry[1]));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
  };
  for (const table of document.querySelectorAll("table.sort")) {
    if (table.tBodies[0].rows.length < 3) continue;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, head, column));
      head.append(button);
    });
  }

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.part:not([open])")];
    for (const part of closed) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of closed) part.open = false;
  });
})();
