// Elements made from text alone: nothing here, or anywhere in the page, parses markup.

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  put(made, ...children);
  return made;
}

export function put(parent, ...children) {
  const there = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  parent.replaceChildren(...there.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
}

export const byId = (id) => document.getElementById(id);

// What a screen reader says when something changed elsewhere on the page.
export function say(text) {
  byId("said").textContent = text;
}

export function state(kind, word) {
  return el("span", { class: `state ${kind}` }, word);
}

export function failure(problem) {
  const lines = [["What is left", problem.state], ["What to do", problem.fix]].filter(([, text]) => text);
  return el("div", { class: "notice bad", role: "alert" },
    el("p", {}, el("strong", {}, "Not done. "), problem.detail || String(problem)),
    lines.length ? el("dl", {}, lines.map(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])) : null);
}

// A table whose cells know their column's name, so that a narrow screen can show it as a list.
export function table(caption, columns, rows, kind = "") {
  const head = columns.map((column) => el("th", { scope: "col", class: column.number ? "number" : null }, column.name));
  const cell = (column, row, first) => el(first ? "th" : "td", {
    scope: first ? "row" : null, "data-of": column.name,
    class: [column.number ? "number" : "", column.class || ""].join(" ").trim() || null,
  }, column.of(row));
  const body = rows.map((row) => el("tr", { class: row.rowClass || null }, columns.map((column, n) => cell(column, row, n === 0))));
  return el("div", { class: "wide" }, el("table", { class: `stack ${kind}` },
    caption ? el("caption", {}, caption) : null,
    el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}
