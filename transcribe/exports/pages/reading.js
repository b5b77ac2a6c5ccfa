"use strict";
// Search and filter of a page to read. Without this script the page shows all of its text.
(() => {
  const turns = [...document.querySelectorAll(".turn")];
  const find = (selector) => document.querySelector(selector);
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // Search: small letters without accents; signs of pauses and overlaps are no part of what is searched.
  const plain = (sign) => {
    const small = sign.toLowerCase();
    if (small < "\u0080") return small;
    return small.normalize("NFKD").replace(/\p{Mn}/gu, "").replace(/[\u2018\u2019]/g, "'");
  };

  const folded = (text) => {
    let out = "";
    const from = [];
    for (let i = 0; i < text.length; ) {
      const sign = String.fromCodePoint(text.codePointAt(i));
      let letters = plain(sign);
      if (/^\s$/.test(letters)) letters = out.endsWith(" ") ? "" : " ";
      for (let k = 0; k < letters.length; k++) from.push(i);
      out += letters;
      i += sign.length;
    }
    from.push(text.length);
    return { out, from };
  };

  const searched = new Map();
  const prepare = (turn) => {
    if (!searched.has(turn)) {
      const walker = document.createTreeWalker(turn.querySelector(".text"), NodeFilter.SHOW_TEXT);
      const nodes = [];
      let text = "";
      while (walker.nextNode()) {
        const node = walker.currentNode;
        if (node.parentNode.localName === "i") continue;
        nodes.push({ node, start: text.length });
        text += node.data;
      }
      searched.set(turn, { nodes, ...folded(text) });
    }
    return searched.get(turn);
  };

  const rangesIn = (turn, wanted) => {
    const { nodes, out, from } = prepare(turn);
    const ranges = [];
    let first = 0;
    for (let at = out.indexOf(wanted); at >= 0; at = out.indexOf(wanted, at + wanted.length)) {
      const start = from[at];
      const end = from[at + wanted.length];
      while (first + 1 < nodes.length && nodes[first + 1].start <= start) first++;
      let last = first;
      while (last + 1 < nodes.length && nodes[last + 1].start < end) last++;
      const range = document.createRange();
      range.setStart(nodes[first].node, start - nodes[first].start);
      range.setEnd(nodes[last].node, end - nodes[last].start);
      ranges.push({ turn, range });
    }
    return ranges;
  };

  const paints = typeof Highlight === "function" && CSS.highlights;
  const paint = (name, ranges) => {
    if (paints) CSS.highlights.set(name, new Highlight(...ranges));
  };

  let hits = [];
  let current = -1;
  const box = make("input", { type: "search", id: "search-box", autocomplete: "off", spellcheck: false });
  const count = make("output", { htmlFor: "search-box" });
  count.setAttribute("aria-live", "polite");

  const show = (index) => {
    for (const turn of document.querySelectorAll(".turn.hit")) turn.classList.remove("hit");
    current = hits.length ? (index + hits.length) % hits.length : -1;
    const wanted = box.value.trim();
    count.textContent = !wanted ? "" : hits.length ? `${current + 1} of ${hits.length}` : "no hit";
    if (current < 0) return paint("hit", []);
    const { turn, range } = hits[current];
    turn.classList.add("hit");
    paint("hit", [range]);
    const place = range.getBoundingClientRect();
    if (place.top < 90 || place.bottom > window.innerHeight - 40) {
      window.scrollBy(0, place.top - window.innerHeight / 3);
    }
  };

  const search = (index = 0) => {
    const wanted = folded(box.value.trim()).out;
    hits = wanted ? turns.filter((turn) => !turn.hidden).flatMap((turn) => rangesIn(turn, wanted)) : [];
    if (paints) {
      const all = new Highlight();
      for (const { range } of hits) all.add(range);
      CSS.highlights.set("hits", all);
    }
    show(index);
  };

  const button = (label, action) => {
    const element = make("button", { type: "button", textContent: label });
    element.addEventListener("click", action);
    return element;
  };
  const bar = make(
    "div",
    { className: "bar" },
    make("label", { htmlFor: "search-box", textContent: "Search" }),
    box,
    button("Previous", () => show(current - 1)),
    button("Next", () => show(current + 1)),
    count,
  );
  bar.setAttribute("role", "search");
  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 150);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      show(current + (event.shiftKey ? -1 : 1));
    } else if (event.key === "Escape") {
      box.value = "";
      search();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target !== box && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      box.focus();
    }
  });
  document.body.prepend(bar);

  // Filter: a box for each speaker of the list.
  const boxes = [];
  const partial = make("p", { className: "partial", hidden: true });
  partial.setAttribute("role", "status");
  find("main").prepend(partial);
  const filter = () => {
    const hidden = new Set(boxes.filter((tick) => !tick.checked).map((tick) => tick.value));
    for (const turn of turns) turn.hidden = hidden.has(turn.dataset.speaker);
    const left = turns.filter((turn) => !turn.hidden).length;
    partial.hidden = left === turns.length;
    partial.textContent = `Only ${left} of ${turns.length} utterances are shown.`;
    search(Math.max(current, 0));
  };
  for (const line of document.querySelectorAll(".speakers li")) {
    const tick = make("input", { type: "checkbox", checked: true, value: line.dataset.speaker });
    tick.addEventListener("change", filter);
    boxes.push(tick);
    const label = make("label", {});
    label.append(tick, ...line.childNodes);
    line.append(label);
  }

  // A link to an utterance that is filtered out shows all again.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.hidden) {
      for (const tick of boxes) tick.checked = true;
      filter();
      target.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", reveal);
})();
