// Marks in a row: ranks, mixtures won and lost, and what single recordings and missing values do.
function rankOf(row) {
  if (row.denoiser.ranked && row.mean !== null && !isResolved(state.cell)) return make("span", { class: "below narrow" }, "not resolved");
  return row.rank === null ? "–" : [...new Set([row.rank, row.rank_high ?? row.rank])].join("–");
}

const below = (text, title, kind = "") => make("span", { class: `below ${kind}`, title }, text);

// Where the interval's own column is off the screen.
function intervalBelow(row) {
  return row.ci_low === null ? null : below(`${inDigits(row.ci_low)} … ${inDigits(row.ci_high)}`, "95 % interval", "phone");
}

function worstCase(row) {
  if (row.worst_case === null || !row.denoiser.lacking[metric().name]) return null;
  return below(`worst case ${inDigits(row.worst_case)}`,
    "the mean, counting what it lacks as the lowest that a ranked denoiser or noisy has there", "beware narrow");
}

function leavingOneOut(row) {
  if (row.place === BASELINE || row.without_low === null) return null;
  return below(`${inDigits(row.without_low, true)} … ${inDigits(row.without_high, true)}`, "whichever recording is left out");
}

const tied = row => 1 - row.won - row.lost;
const percent = share => Math.round(100 * share);

const tallyWords = row => `better on ${percent(row.won)} % of the mixtures, no more than negligibly different${within()} on ${percent(tied(row))} %, worse on ${percent(row.lost)} %`;

function tally(row) {
  if (row.won === null || row.place === BASELINE) return "–";
  const parts = [["won", row.won], ["tied", tied(row)], ["lost", row.lost]];
  return make("span", { class: "tally", title: tallyWords(row) },
    make("span", { class: "bar", "aria-hidden": "true" }, parts.filter(([, share]) => share > 1e-3).map(([kind, share]) => make("i", { class: kind, style: `flex-grow: ${share}` }))),
    parts.map(([, share]) => percent(share)).join(" · "));
}
