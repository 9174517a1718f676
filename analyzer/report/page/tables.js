// Tables: rows come as JSON and are drawn a page at a time, so that ten thousand of them cost no more than twenty-five.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  if (!data.tables) return;
  const SIZES = [12, 25, 100, 500];
  const TEXTS = ["text", "side", "name", "words"];
  const NUMBERS = new Set(["int", "rate", "share", "ms", "factor", "time", "frame"]);
  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const said = document.getElementById("said");
  const make = (tag, attributes, ...children) => {
    const out = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) out.setAttribute(name, value);
    out.append(...children);
    return out;
  };
  const percent = (share) => share > 0 && share < 0.005 ? "<1 %" : `${Math.round((share < 1 ? Math.min(share, 0.99) : share) * 100)} %`;
  const words = {
    text: (v) => data.strings[v], side: (v) => data.strings[v], name: (v) => data.strings[v], words: (v) => data.strings[v],
    int: (v) => whole.format(v), rate: (v) => v >= 100 ? whole.format(v) : tenth.format(v), share: percent,
    ms: (v) => (v / 1e6).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
    factor: (v) => `${v.toFixed(1)}×`, frame: String,
    time: (v) => new Date(data.start + v).toISOString().slice(11, 23),
  };
  const svg = "http://www.w3.org/2000/svg";
  const spark = (digits) => {
    const out = document.createElementNS(svg, "svg");
    out.setAttribute("viewBox", `0 0 ${digits.length} 9`);
    out.setAttribute("preserveAspectRatio", "none");
    out.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(svg, "path");
    path.setAttribute("d", Array.from(digits, (d, at) => d === "0" ? "" : `M${at + 0.08} 9v-${d}h.84v${d}z`).join(""));
    out.append(path);
    return out;
  };
  const frameKey = (v) => { const [file, frame] = typeof v === "number" ? [0, v] : v.split(":").map(Number); return file * 2 ** 40 + frame; };

  class Sheet {
    constructor(box) {
      const one = data.tables[box.dataset.table];
      Object.assign(this, { box, ...one, side: one.side, needle: "", page: 0, size: SIZES[0], by: -1, up: false });
      this.body = box.querySelector("tbody");
      this.sideAt = this.kinds.indexOf("side");
      this.tools(box);
      this.headers(box.querySelector("thead tr"));
      this.choose();
    }

    tools(box) {
      const bar = make("div", { class: "tools" });
      if (this.rows.length > 8) {
        this.input = make("input", { type: "search", placeholder: "part of a name, address, type", autocomplete: "off", spellcheck: "false" });
        this.input.addEventListener("input", () => { this.needle = this.input.value.trim().toLowerCase(); this.choose(true); });
        bar.append(make("label", {}, "Filter ", this.input));
      }
      if (this.sides.length > 1) {
        const select = make("select", {});
        for (const side of [...this.sides, ""]) select.append(make("option", { value: side }, side || "all sides"));
        select.value = this.side;
        select.addEventListener("change", () => { this.side = select.value; this.choose(true); });
        bar.append(make("label", {}, "Side ", select));
      }
      this.count = make("span", { class: "count" });
      this.back = make("button", { type: "button", "aria-label": "Previous rows" }, "‹");
      this.next = make("button", { type: "button", "aria-label": "Next rows" }, "›");
      this.back.addEventListener("click", () => { this.page -= 1; this.draw(true); });
      this.next.addEventListener("click", () => { this.page += 1; this.draw(true); });
      const size = make("select", {});
      for (const n of SIZES) size.append(make("option", { value: n }, `${n}`));
      size.addEventListener("change", () => { this.size = Number(size.value); this.page = 0; this.draw(true); });
      this.sizes = make("label", {}, "Rows ", size);
      bar.append(make("span", { class: "pager" }, this.sizes, this.back, this.count, this.next));
      box.prepend(bar);
    }

    headers(row) {
      this.sorters = Array.from(row.children, (cell, at) => {
        const button = make("button", { type: "button" }, this.heads[at]);
        cell.replaceChildren(button);
        button.addEventListener("click", () => {
          this.up = this.by === at ? !this.up : !NUMBERS.has(this.kinds[at]);
          this.by = at;
          this.choose(true);
        });
        return cell;
      });
    }

    // Rows that the filter and the side leave, in the order asked for.
    choose(told) {
      const texts = this.kinds.map((kind, at) => (TEXTS.includes(kind) ? at : -1)).filter((at) => at >= 0);
      const side = this.side && this.sideAt >= 0 ? data.strings.indexOf(this.side) : -1;
      let hits = null;
      if (this.needle) hits = data.strings.map((text) => text.toLowerCase().includes(this.needle));
      this.shown = this.rows.filter((row) => (side < 0 || row[this.sideAt] === side) && (!hits || texts.some((at) => row[at] !== null && hits[row[at]])));
      this.box.classList.toggle("one-side", this.side !== "");
      if (this.by >= 0) this.sort();
      this.sorters.forEach((cell, at) => cell.setAttribute("aria-sort", at !== this.by ? "none" : this.up ? "ascending" : "descending"));
      this.page = 0;
      this.draw(told);
    }

    sort() {
      const at = this.by, kind = this.kinds[at], sign = this.up ? 1 : -1;
      const key = kind === "frame" ? frameKey : TEXTS.includes(kind) ? (v) => data.strings[v].toLowerCase()
        : kind === "spark" ? (v) => v.length : (v) => v;
      const keyed = this.shown.map((row) => [row[at] === null ? null : key(row[at]), row]);
      keyed.sort(([a], [b]) => (a === null) - (b === null) || (a < b ? -sign : a > b ? sign : 0));
      this.shown = keyed.map(([, row]) => row);
    }

    draw(told) {
      const pages = Math.max(1, Math.ceil(this.shown.length / this.size));
      this.page = Math.max(0, Math.min(this.page, pages - 1));
      const first = this.page * this.size;
      const rows = this.shown.slice(first, first + this.size);
      this.body.replaceChildren(...rows.map((row) => make("tr", {}, ...row.map((value, at) => this.cell(value, this.kinds[at])))));
      if (!rows.length) this.body.append(make("tr", {}, make("td", { colspan: this.heads.length, class: "none" }, "nothing matches")));
      const held = this.side || this.needle || this.rows.length === this.total ? "" : ` (of ${whole.format(this.total)})`;
      this.count.textContent = rows.length ? `${whole.format(first + 1)} to ${whole.format(first + rows.length)} of ${whole.format(this.shown.length)}${held}` : "0 rows";
      this.back.disabled = this.page === 0;
      this.next.disabled = this.page >= pages - 1;
      this.back.hidden = this.next.hidden = this.shown.length <= SIZES[0];
      this.sizes.hidden = this.shown.length <= SIZES[0];
      if (told) said.textContent = this.count.textContent;
    }

    cell(value, kind) {
      const out = make("td", { class: kind });
      if (value === null || value === "") out.append(kind === "spark" ? "" : "-");
      else if (kind === "spark") out.append(spark(value));
      else if (kind === "name") this.name(out, words.name(value));
      else out.append(words[kind](value));
      return out;
    }

    // A name may be broken after its dots.
    name(out, text) {
      const labels = text.split(".");
      labels.forEach((label, at) => { out.append(at < labels.length - 1 ? `${label}.` : label); if (at < labels.length - 1) out.append(make("wbr")); });
    }
  }

  for (const box of document.querySelectorAll("[data-table]")) new Sheet(box);
})();
