// Tables of shaded differences: blue is better, orange is worse; arrow keys walk from cell to cell.
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const stops = {};

const limitOf = deltas => (deltas.length && quantile(deltas.map(Math.abs), 0.95)) || 1;
const digitsOf = limit => (limit < 0.1 ? 3 : limit < 1 ? 2 : 1);

// Full colour is no ground for text in any ink: the scale ends where text still stands out.
const tone = (kind, share = 1) => `color-mix(in oklab, var(--${kind}) ${(65 * share).toFixed(1)}%, var(--tint))`;

function shade(delta, limit) {
  return tone(metric().higher_is_better === delta > 0 ? "better" : "worse", Math.min(1, Math.abs(delta) / limit));
}

function legend(limit) {
  const ends = (metric().higher_is_better ? ["worse", "better"] : ["better", "worse"]).map(kind => tone(kind));
  const ramp = make("i", { style: `background: linear-gradient(in oklab 90deg, ${ends[0]}, var(--tint), ${ends[1]})` });
  const end = value => number(value, digitsOf(limit), true);
  return make("span", { class: "legend", "aria-label": "Colours" }, `≤ ${end(-limit)}`, ramp, `${end(limit)} ≤`);
}

function shaded(value, limit, { told, focus, sure = false, equal = false }) {
  const kinds = value === null ? ["none"] : [sure && "sure", equal && "equal"].filter(Boolean);
  return make("button", {
    type: "button", title: told, "aria-label": told, class: kinds.join(" ") || undefined,
    style: value === null ? undefined : `--shade: ${shade(value, limit)}`, data: { focus },
  }, value === null ? "·" : number(value, digitsOf(limit), true));
}

const readout = (id, hint) => make("p", { class: "readout", id, role: "status" }, hint);

// One tab stop for the whole table: where it was left. A cell that is pointed at or walked to is told.
function walked(table, readoutId) {
  const buttons = [...table.querySelectorAll("button")];
  const stop = at => { for (const button of buttons) button.tabIndex = button === at ? 0 : -1; };
  const tell = event => {
    const button = event.target.closest("button");
    if (button) find(`#${readoutId}`).textContent = button.title;
    return button;
  };
  stop(buttons.find(button => button.dataset.focus === stops[readoutId]) ?? buttons[0]);
  table.addEventListener("mouseover", tell);
  table.addEventListener("click", tell);
  table.addEventListener("focusin", event => {
    const button = tell(event);
    stop(button);
    stops[readoutId] = button.dataset.focus;
  });
  table.addEventListener("keydown", walk);
  return table;
}

function walk(event) {
  const step = STEPS[event.key];
  if (!step) return;
  event.preventDefault();
  const cell = event.target.closest("td");
  const held = (at, first, size) => Math.max(first, Math.min(size - 1, at));
  const { rows } = cell.closest("tbody");
  const { cells: beside } = rows[held(cell.parentElement.sectionRowIndex + step[0], 0, rows.length)];
  const next = find("button", beside[held(cell.cellIndex + step[1], 1, beside.length)]);
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}
