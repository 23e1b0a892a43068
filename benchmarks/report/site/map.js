// Difference to the mixture by the first two facets: blue is better, orange is worse.
function mapKey(row, column) {
  return [column, row, ...state.cell.slice(2)].slice(0, axes.length);
}

// One limit for all denoisers, so that to choose another one changes no colour's meaning.
function mapLimit() {
  const deltas = [];
  for (const cell of data.cells) {
    if (cell.key.some((at, axis) => (axis < 2 ? at < 0 : at !== state.cell[axis]))) continue;
    for (const row of rowsOf(cell.key, state.metric)) if (row.denoiser.ranked && row.delta !== null) deltas.push(row.delta);
  }
  return limitOf(deltas);
}

function tell(row, column, found) {
  const title = place(mapKey(row, column));
  if (!found || found.mean === null) return `${title}: ${found ? `no value, n ${found.n} of ${found.size}` : "not in this run's tables"}.`;
  const interval = found.ci_low === null ? "" : ` (95 % ${inDigits(found.ci_low)} … ${inDigits(found.ci_high)})`;
  return `${found.name} on ${title}: Δ ${withUnit(inDigits(found.delta, true), metric().unit)}, mean ${inDigits(found.mean)}${interval}, n ${found.n} of ${found.size}${isResolved(mapKey(row, column)) ? "" : ": not resolved"}.`;
}

function mapButton(row, column, limit) {
  const found = rowsOf(mapKey(row, column), state.metric)[state.denoiser];
  const claim = claimsOf(mapKey(row, column), 0).find(item => item.denoiser === state.denoiser);
  return shaded(found?.delta ?? null, limit, { told: tell(row, column, found), focus: `map ${row} ${column}`, sure: claim?.sure === 1 });
}

function denoiserSelect(id, items) {
  const select = make("select", { id, data: { focus: id }, onchange: () => change({ denoiser: Number(select.value) }) },
    items.map(item => make("option", { value: item }, denoisers[item].name)));
  select.value = String(state.denoiser);
  return select;
}

views.push(() => {
  const limit = mapLimit();
  const [classes, categories] = [[...axes[0].keys(), -1], [...(axes[1] ?? []).keys(), -1]];
  const name = (axis, at) => (at < 0 ? "all" : label(axis, at));
  const others = facets.slice(2).map(({ plural }, at) => (state.cell[at + 2] < 0 ? `all ${plural}` : label(at + 2, state.cell[at + 2])));
  const table = make("table", { class: "map" },
    make("thead", {}, make("tr", {}, make("td", {}), classes.map(at => make("th", { scope: "col", class: at < 0 ? "sum" : undefined }, name(0, at))))),
    make("tbody", {}, categories.map(row => make("tr", {},
      make("th", { scope: "row", class: row < 0 ? "sum" : undefined }, name(1, row)),
      classes.map(column => make("td", { class: row < 0 || column < 0 ? "sum" : undefined }, mapButton(row, column, limit)))))));
  const framed = make("span", { class: "framed" }, make("i", {}), "surely other than noisy");
  const items = denoisers.map((_, at) => at).filter(at => at !== BASELINE);
  find("[data-map-cell]").textContent = [denoisers[state.denoiser].name, heading(metric()), ...others].join(" · ");
  replace(find("#map-view"),
    make("div", { class: "controls" }, make("label", {}, "Denoiser", denoiserSelect("map-denoiser", items.length ? items : [0])), legend(limit), framed),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "map-title" }, walked(table, "map-readout")),
    readout("map-readout", "Mean difference to noisy; point at a cell, or walk with the arrow keys, for its n."));
});
