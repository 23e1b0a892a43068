// The leaderboard of the chosen cell in the chosen metric.
const KNOWN = {
  rank: "rank", name: "denoiser", mean: "mean", ci_low: "95 % interval", n: "n",
  delta: "Δ noisy", won: "won · tied · lost", p_value: "p", real_time_factor: "real\u2011time factor", median: "median",
};
// What stands below another number, or in the opened row.
const BESIDE = ["ci_high", "rank_high", "lost", "worst_case", "p10", "worst", "without_low", "without_high"];
const OWN = new Set([...Object.keys(KNOWN), ...BESIDE]);

function tableColumns() {
  const others = columns.filter(name => !OWN.has(name));
  return [...Object.entries(KNOWN), ...others.map(name => [name, words(name)])];
}

function compareRows(a, b) {
  const [x, y] = [a[state.sort], b[state.sort]];
  if (x === null || y === null) return (x === null) - (y === null);
  const rising = typeof x === "string" ? x.localeCompare(y, "en") : x - y;
  return state.descending ? -rising : rising;
}

function header(span) {
  const cellsOf = tableColumns().map(([key, title]) => {
    const sorted = key === state.sort;
    const button = make("button", {
      class: "sort", type: "button", data: { focus: `sort ${key}` },
      onclick: () => change(sorted ? { descending: !state.descending } : order(key)),
    }, title);
    return make("th", {
      scope: "col", class: key === "name" ? "word name" : undefined, data: { key },
      "aria-sort": sorted ? (state.descending ? "descending" : "ascending") : "none",
    }, button);
  });
  const at = Object.keys(KNOWN).indexOf("ci_low");
  cellsOf.splice(at, 0, make("th", { class: "drawn" }, make("span", { class: "hidden" }, "interval, drawn"), ruler(span)));
  return make("thead", {}, make("tr", {}, cellsOf));
}

function tableRow(row, span, base) {
  const { denoiser } = row;
  const open = state.open === row.place;
  const name = make("th", { scope: "row", class: "word name" },
    make("button", {
      class: "opener", type: "button", "aria-expanded": String(open), data: { focus: `open ${row.place}`, denoiser: denoiser.name },
      onclick: () => change({ open: open ? null : row.place, denoiser: row.place }),
    }, make("span", {}, breakable(denoiser.name))),
    denoiser.trained_on ? make("span", { class: "trained" }, `trained on ${denoiser.trained_on}`) : null,
    denoiser.assumes ? make("span", { class: "trained" }, `assumes ${denoiser.assumes}`) : null,
    row.carried_by ? make("span", { class: "trained beware" }, `carried by one recording: ${row.carried_by}`) : null,
    denoiser.warning ? make("span", { class: "trained beware" }, denoiser.warning) : null);
  const texts = tableColumns().map(([key]) => {
    if (key === "name") return name;
    if (key === "rank") return make("td", {}, rankOf(row));
    if (key === "mean") return make("td", {}, inDigits(row.mean), intervalBelow(row), worstCase(row));
    if (key === "n") return make("td", {}, String(row.n), make("span", { class: row.n < row.size ? "below beware" : "below" }, ` of ${row.size}`));
    if (key === "ci_low") return make("td", {}, row.ci_low === null ? "–" : `${inDigits(row.ci_low)} … ${inDigits(row.ci_high)}`);
    if (key === "delta") return make("td", {}, inDigits(row.delta, true), leavingOneOut(row));
    if (key === "won") return make("td", {}, tally(row));
    if (key === "p_value") return make("td", {}, chance(row.p_value));
    if (key === "median") return make("td", {}, inDigits(row.median));
    return make("td", {}, key in KNOWN ? significant(row[key]) : row[key] === null ? "–" : String(Number(row[key].toPrecision(4))).replace("-", "−"));
  });
  const at = Object.keys(KNOWN).indexOf("ci_low");
  texts.splice(at, 0, make("td", { class: "drawn" }, whisker(row, span, base)));
  const line = make("tr", { class: open ? "open" : undefined, data: { row: denoiser.name } }, texts);
  return open ? [line, make("tr", {}, make("td", { class: "inside", colspan: texts.length }, dossier(row)))] : [line];
}

function verdict(rows) {
  const first = best(state.cell);
  if (!rows.length) return ["This run's tables hold no such cell; choose “all” for one of the filters."];
  if (!isResolved(state.cell)) return [`Best on ${place(state.cell)}: `, make("b", {}, "not resolved"), ". ",
    first ? tooFew(state.cell) : "No denoiser has a value here. ", offer(state.cell, isResolved, "#board .scroll", "resolved")].filter(Boolean);
  const peers = rows.filter(row => row.rank === 1 && row.denoiser.group === first.denoiser.group && row.place !== first.place);
  const gain = first.delta === null || first.place === BASELINE ? "" : `, ${withUnit(inDigits(first.delta, true), metric().unit)} against noisy`;
  const doubts = [];
  if (first.ci_low === null) doubts.push(" Too few recordings to say how sure that is.");
  else {
    const names = peers.length > 4 ? `${peers.length} others that share its rank` : peers.map(row => row.name).join(", ");
    if (names) doubts.push(` Not surely better than ${names}.`);
    if (first.carried_by) doubts.push(` Without the recording ${first.carried_by} that gain halves or turns round.`);
    if (first.p_value > 0.05) doubts.push(` Not surely other than noisy (p ${number(first.p_value, 2)}).`);
  }
  return [`Best on ${place(state.cell)}: `, make("b", {}, first.name),
    ` with ${withUnit(inDigits(first.mean), metric().unit)}${gain}.`, ...doubts];
}

// What the mixtures of a cell can show at all.
function visible() {
  const found = data.visible.cells.find(cell => cell.key.join() === state.cell.join())?.sizes[state.metric];
  const part = metric().every > 1 ? `${metric().name} is scored on ${everyOf(metric())}. ` : "";
  if (!found) return part;
  const [pairs, median, low, high] = found;
  const spread = pairs > 1 ? `, the median over ${pairs} pairs of ranked denoisers (${low} … ${high})` : ", between two ranked denoisers";
  return `${part}The smallest difference that ${place(state.cell)} can show is ${withUnit(median, metric().unit)}${spread}: one test at 5 % finds a true difference of that size in ${data.visible.power} of 100 such test sets.`;
}

views.push(() => {
  const rows = rowsOf(state.cell, state.metric);
  const span = domain(rows);
  const base = rows[BASELINE]?.mean ?? null;
  const bodies = Object.entries(GROUPS).map(([group, [title, about]]) => {
    const members = rows.filter(row => row.denoiser.group === group).sort(compareRows);
    if (!members.length) return null;
    return make("tbody", { data: { group } },
      make("tr", { class: "group" }, make("th", { scope: "rowgroup", colspan: tableColumns().length + 1 },
        make("span", {}, make("b", {}, title), `: ${about}`))),
      members.flatMap(row => tableRow(row, span, base)));
  });
  replace(find("#verdict"), verdict(rows));
  find("#visible").textContent = visible();
  replace(find("#board-table"), header(span), ...bodies.filter(Boolean));
});
