// Where metrics disagree: who is surely better or worse than the mixture, by metric.
const SIGNS = [["gain", "+", "surely better than noisy"], ["open", "·", "cannot be told"], ["loss", "−", "surely worse"]];
const signOf = claim => SIGNS[claim.sure !== 1 ? 1 : claim.difference > 0 ? 0 : 2];

function tellSign(denoiser, item, claim) {
  const where = `${denoiser.name} in ${item.name}`;
  if (!claim) return `${where}: not compared.`;
  const interval = claim.ci_low === null ? "" : ` (95 % ${number(claim.ci_low, digitsIn(item))} … ${number(claim.ci_high, digitsIn(item))})`;
  return `${where}: a gain of ${withUnit(number(claim.difference, digitsIn(item), true), item.unit)}${interval}, ${signOf(claim)[2]} (p ${chance(claim.p_value)}).`;
}

function signButton(denoiser, item, claim, focus) {
  const told = tellSign(denoiser, item, claim);
  const [kind, glyph] = claim ? signOf(claim) : ["none", ""];
  return make("button", { type: "button", title: told, "aria-label": told, class: kind, data: { focus } }, glyph);
}

views.push(() => {
  const found = metrics.map((_, at) => new Map(claimsOf(state.cell, 0, at).map(claim => [claim.denoiser, claim])));
  const rows = rowsOf(state.cell, state.metric).sort(compareRows).filter(row => found.some(claims => claims.has(row.place)));
  if (!rows.length) {
    replace(find("#signs-view"), untested("signs", hasClaims, "#signs .scroll"));
    return;
  }
  const torn = rows.filter(row => ["gain", "loss"].every(kind => found.some(claims => claims.has(row.place) && signOf(claims.get(row.place))[0] === kind)));
  const split = torn.length ? [make("b", {}, `${torn.length} of ${rows.length}`), ` surely gain in one metric and surely lose in another: ${listed(torn.map(row => row.name))}.`]
    : ["Nobody surely gains in one metric and surely loses in another."];
  const table = make("table", { class: "map dense signs" },
    make("thead", {}, make("tr", {}, make("td", {}), metrics.map((item, at) => make("th", { scope: "col", class: at === state.metric ? "chosen" : undefined }, make("span", {}, breakable(item.name), item.every > 1 ? ` (${everyOf(item)})` : ""))))),
    make("tbody", {}, rows.map(row => make("tr", {}, make("th", { scope: "row" }, breakable(row.name)),
      metrics.map((item, at) => make("td", {}, signButton(row.denoiser, item, found[at].get(row.place), `sign ${row.place} ${at}`)))))));
  replace(find("#signs-view"), make("p", { class: "verdict" }, split),
    make("div", { class: "controls" }, SIGNS.map(([kind, glyph, told]) => make("span", { class: "framed" }, make("i", { class: kind }, glyph), told))),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "signs-title" }, walked(table, "signs-readout")),
    readout("signs-readout", "Point at a cell, or walk with the arrow keys, for its difference and interval."));
});
