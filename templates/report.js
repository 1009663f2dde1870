"use strict";
(() => {
  // narrow screens: contents start closed
  const contents = document.querySelector(".contents details");
  if (matchMedia("(max-width: 62rem)").matches) contents.open = false;

  // mark where the reader is
  const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.hash.slice(1), a]));
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const e of entries) e.isIntersecting ? seen.add(e.target.id) : seen.delete(e.target.id);
    let first = true;
    for (const [id, a] of links) {
      if (first && seen.has(id)) { a.setAttribute("aria-current", "true"); first = false; }
      else a.removeAttribute("aria-current");
    }
  }, { rootMargin: "-10% 0px -60% 0px" });
  for (const id of links.keys()) watch.observe(document.getElementById(id));

  // tables sort by a click on a column
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const numeric = head.classList.contains("num");
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const h of table.tHead.rows[0].cells) h.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const value = (row) => row.cells[column].dataset.sort;
        const order = (a, b) => {
          const [x, y] = [value(a), value(b)];
          if (x === "" || y === "") return (x === "") - (y === "");
          return (numeric ? x - y : x.localeCompare(y)) * (up ? 1 : -1);
        };
        body.append(...[...rows].sort(order));
      });
    });
  }

  // values on plots; without this script the browser shows them by itself
  const tip = document.getElementById("tip");
  const texts = new Map();
  for (const title of document.querySelectorAll(".spots title")) {
    texts.set(title.parentNode, title.textContent);
    title.remove();
  }
  const show = (event) => {
    const text = texts.get(event.target);
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const [w, h] = [tip.offsetWidth, tip.offsetHeight];
    const x = Math.max(8, Math.min(event.clientX + 14, innerWidth - w - 8));
    const y = event.clientY + 18 + h > innerHeight ? event.clientY - h - 12 : event.clientY + 18;
    tip.style.transform = `translate(${x}px, ${Math.max(8, y)}px)`;
  };
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  document.addEventListener("scroll", () => { tip.hidden = true; }, true);
})();
