// Make elements of text, never of markup: what a run calls itself is shown, not obeyed.
const find = (selector, root = document) => root.querySelector(selector);

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined && child !== ""));
  return made;
}

const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const trace = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

function number(value, digits = 2, signed = false) {
  if (value === null || value === undefined) return "–";
  const text = Math.abs(value).toFixed(digits);
  const zero = Number(text) === 0;
  return (value < 0 && !zero ? "−" : signed && !zero ? "+" : "") + text;
}

function significant(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en").replaceAll(",", " ");
  return String(Number(value.toPrecision(2)));
}

const chance = value => (value === null ? "–" : value < 0.001 ? "< 0.001" : number(value, 3));
const words = name => name.replaceAll("_", " ");
// A long name may be broken after the signs that join its words.
const breakable = name => name.split(/(?<=[_+@.\-/])/).flatMap(part => [part, make("wbr")]);
const withUnit = (text, unit) => (text === "–" || !unit ? text : `${text} ${unit}`);

// A list of choices as radio buttons: arrow keys move, one tab stop.
function choices(name, options, chosen, act) {
  return options.map(([value, label]) =>
    make("label", {},
      make("input", { type: "radio", name, value, checked: value === chosen, onchange: () => act(value) }),
      make("span", {}, label)));
}

function command(text, label) {
  const button = make("button", { type: "button", onclick: () => copy(text, button) }, "Copy");
  return make("div", { class: "command" }, label ? make("span", { class: "label" }, label) : null,
    make("code", {}, text), button);
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(find("code", button.parentElement));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    button.textContent = "Selected";
    return;
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

// Replace what a place holds and leave the focus where it was.
function replace(place, ...children) {
  const key = place.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  place.replaceChildren(...children.flat());
  if (key === undefined) return;
  for (const item of place.querySelectorAll("[data-focus]")) if (item.dataset.focus === key) item.focus({ preventScroll: true });
}
