// Who surely gains or loses: against doing nothing, and against the best classical denoiser.
const FAMILIES = ["doing nothing", "the best classical denoiser"]; // in the order of the data
const TICKS = 3;
const VERDICTS = ["Surely gains", "Cannot be told", "Surely loses"];

const claimsOf = (key, family, metricPlace = state.metric) =>
  testsOf(data.claims, key, metricPlace).filter(claim => claim.family === family);
const hasClaims = key => testsOf(data.claims, key, state.metric).length > 0;

// A denoiser's gain in the form of a row that can be drawn. That it is not surely better than
// every classical one says nothing of losing to the best of them; their test as a pair does.
function gainOf(claim, pairs) {
  const denoiser = denoisers[claim.denoiser];
  const lost = pairs.find(pair => pair.sure === 1 && pair.better === claim.opponent && pair.worse === claim.denoiser);
  const verdict = lost ? 2 : claim.sure !== 1 ? 1 : claim.difference > 0 ? 0 : 2;
  return { ...claim, denoiser, name: denoiser.name, mean: claim.difference, p_value: lost?.p_value ?? claim.p_value, verdict: VERDICTS[verdict] };
}

function gainRow(row, span, opponent) {
  const { group } = row.denoiser;
  const interval = row.ci_low === null ? null : make("span", { class: "interval" }, ` (${inDigits(row.ci_low)} … ${inDigits(row.ci_high)})`);
  return make("tr", { data: { claim: row.name } },
    make("th", { scope: "row", class: "word name" }, breakable(row.name),
      group === "blind" ? null : make("span", { class: "below" }, group === "oracle" ? "bound" : group),
      row.opponent === opponent ? null : make("span", { class: "below" }, `against ${denoisers[row.opponent].name}`)),
    make("td", { class: "drawn" }, whisker(row, span, 0, TICKS)),
    make("td", {}, make("b", {}, inDigits(row.mean, true)), interval),
    make("td", {}, chance(row.p_value)));
}

// The opponent of most: the best one itself has another.
function mostCommon(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0][0];
}

function familyView(family) {
  const pairs = duelsOf(state.cell);
  const rows = claimsOf(state.cell, family).map(claim => gainOf(claim, pairs)).sort((a, b) => b.mean - a.mean);
  const title = `Against ${FAMILIES[family]}`;
  if (!rows.length) return make("div", {}, make("h3", {}, title), make("p", { class: "note" }, family ? "No blind denoiser of this run learned from recordings, or none is classical." : "Nothing to compare with: this run lacks noisy."));
  const span = domain(rows);
  const opponent = mostCommon(rows.map(row => row.opponent));
  const column = withUnit("gain", metric().unit && `[${metric().unit}]`);
  return make("div", { data: { family } }, make("h3", {}, `${title}: `, make("span", { class: "soft" }, denoisers[opponent].name)),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, make("table", { class: "claims" },
      make("thead", {}, make("tr", {}, make("th", { scope: "col", class: "word name" }, "denoiser"),
        make("th", { class: "drawn" }, make("span", { class: "hidden" }, "interval, drawn"), ruler(span, TICKS)),
        make("th", { scope: "col" }, `${column}, 95 % interval`), make("th", { scope: "col" }, "p"))),
      VERDICTS.map(verdict => {
        const members = rows.filter(row => row.verdict === verdict);
        return make("tbody", { data: { verdict } },
          make("tr", { class: "group" }, make("th", { scope: "rowgroup", colspan: 4 }, make("span", {}, make("b", {}, `${verdict}: `), members.length ? String(members.length) : "nobody"))),
          members.map(row => gainRow(row, span, opponent)));
      }))));
}

views.push(() => {
  replace(find("#claims-view"), hasClaims(state.cell) ? make("div", { class: "families" }, FAMILIES.map((_, family) => familyView(family)))
    : untested("claims", hasClaims, "#claims .scroll"));
});
