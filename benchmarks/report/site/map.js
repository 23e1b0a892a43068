// Difference to the mixture by noise class and music category: blue is better, orange is worse.
const mapState = { row: 0, column: 0 };

function mapKey(row, column) {
  return [column, row, state.cell[2]];
}

// One limit for all denoisers, so that to choose another one changes no colour's meaning.
function mapLimit() {
  const deltas = [];
  for (const cell of data.cells) {
    if (cell.key[0] < 0 || cell.key[1] < 0 || cell.key[2] !== state.cell[2]) continue;
    for (const row of rowsOf(cell.key, state.metric)) if (row.denoiser.ranked && row.delta !== null) deltas.push(Math.abs(row.delta));
  }
  return deltas.length ? quantile(deltas, 0.95) || 1 : 1;
}

function shade(delta, limit) {
  const share = Math.min(1, Math.abs(delta) / limit);
  const good = metric().higher_is_better === delta > 0;
  return { share, colour: `color-mix(in oklab, var(--${good ? "better" : "worse"}) ${(100 * share).toFixed(1)}%, var(--tint))` };
}

function tell(row, column, found) {
  const title = place(mapKey(row, column));
  if (!found || found.mean === null) return `${title}: ${found ? `no value, n ${found.n} of ${found.size}` : "not in this run's tables"}.`;
  const interval = found.ci_low === null ? "" : ` (95 % ${number(found.ci_low)} … ${number(found.ci_high)})`;
  return `${found.name} on ${title}: Δ ${withUnit(number(found.delta, 2, true), metric().unit)}, mean ${number(found.mean)}${interval}, n ${found.n} of ${found.size}.`;
}

function mapButton(row, column, limit) {
  const found = rowsOf(mapKey(row, column), state.metric)[state.denoiser];
  const told = tell(row, column, found);
  const value = found ? found.delta ?? null : null;
  const current = mapState.row === row && mapState.column === column;
  const tone = value === null ? null : shade(value, limit);
  const show = () => { find("#map-readout").textContent = told; };
  return make("button", {
    type: "button", tabindex: current ? 0 : -1, title: told, "aria-label": told,
    class: tone === null ? "none" : tone.share > 0.7 ? "strong" : undefined,
    style: tone === null ? undefined : `--shade: ${tone.colour}`,
    data: { focus: `map ${row} ${column}`, row, column },
    onmouseenter: show, onfocus: show, onclick: show, onkeydown: move,
  }, value === null ? "·" : number(value, 1, true));
}

function move(event) {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!step) return;
  event.preventDefault();
  // -1, all, is drawn last.
  const turn = (at, by, size) => { const all = [...Array(size).keys(), -1]; return all[Math.max(0, Math.min(size, all.indexOf(at) + by))]; };
  mapState.row = turn(Number(event.target.dataset.row), step[0], axes[1].length);
  mapState.column = turn(Number(event.target.dataset.column), step[1], axes[0].length);
  for (const button of find(".map").querySelectorAll("button")) {
    const current = Number(button.dataset.row) === mapState.row && Number(button.dataset.column) === mapState.column;
    button.tabIndex = current ? 0 : -1;
    if (current) button.focus();
  }
}

function denoiserSelect(id, items) {
  const select = make("select", { id, data: { focus: id }, onchange: () => change({ denoiser: Number(select.value) }) },
    items.map(item => make("option", { value: item }, denoisers[item].name)));
  select.value = String(state.denoiser);
  return select;
}

views.push(() => {
  const limit = mapLimit();
  const [classes, categories] = [[...axes[0].keys(), -1], [...axes[1].keys(), -1]];
  const name = (axis, at) => (at < 0 ? "all" : words(axes[axis][at]));
  const table = make("table", { class: "map" },
    make("thead", {}, make("tr", {}, make("td", {}), classes.map(at => make("th", { scope: "col", class: at < 0 ? "sum" : undefined }, name(0, at))))),
    make("tbody", {}, categories.map(row => make("tr", {},
      make("th", { scope: "row", class: row < 0 ? "sum" : undefined }, name(1, row)),
      classes.map(column => make("td", { class: row < 0 || column < 0 ? "sum" : undefined }, mapButton(row, column, limit)))))));
  const ends = metric().higher_is_better ? ["worse", "better"] : ["better", "worse"];
  const ramp = make("i", { style: `background: linear-gradient(in oklab 90deg, var(--${ends[0]}), var(--tint), var(--${ends[1]}))` });
  const items = denoisers.map((_, at) => at).filter(at => at !== BASELINE);
  find("[data-map-cell]").textContent = `${denoisers[state.denoiser].name} · ${heading(metric())} · ${state.cell[2] < 0 ? "all SNRs" : label(2, state.cell[2])}`;
  replace(find("#map-view"),
    make("div", { class: "controls" }, make("label", {}, "Denoiser", denoiserSelect("map-denoiser", items.length ? items : [0])),
      make("span", { class: "legend", "aria-label": "Colours" }, `≤ ${number(-limit, 1, true)}`, ramp, `${number(limit, 1, true)} ≤`)),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "map-title" }, table),
    make("p", { class: "readout", id: "map-readout", role: "status" }, "Mean difference to noisy; point at a cell, or walk with the arrow keys, for its n."));
});
