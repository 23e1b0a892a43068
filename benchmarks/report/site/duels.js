// Who beats whom: the ranked denoisers pair by pair, in the chosen cell.
const pairKey = (a, b) => `${Math.min(a, b)} ${Math.max(a, b)}`;

const duelsOf = key => testsOf(data.duels, key, state.metric);
const hasDuels = key => duelsOf(key).length > 0;

// The difference of one to the other in the metric's unit, and the ends of its interval.
function seenFrom(duel, one) {
  const up = (duel.better === one.place) === metric().higher_is_better;
  const [low, high] = up || duel.ci_low === null ? [duel.ci_low, duel.ci_high] : [-duel.ci_high, -duel.ci_low];
  return { delta: up ? duel.difference : -duel.difference, low, high };
}

function tellLacking(rows) {
  const names = rows.filter(row => row.denoiser.lacking[metric().name]).map(row => row.name);
  return names.length ? ` What ${listed(names)} lacks counts as the lowest that a ranked denoiser or noisy has there.` : "";
}

function tellDuel(one, other, duel) {
  if (one.place === other.place) return `${one.name}: itself.`;
  const pair = `${one.name} against ${other.name}`;
  if (!duel) return `${pair}: not compared${listed([one, other].filter(row => row.n === 0).map(row => `; ${row.name} has no value`))}.`;
  if (duel.difference === 0 && !duel.detectable) return `${pair}: no difference; their scores are the same.`;
  const { delta, low, high } = seenFrom(duel, one);
  const digits = Math.max(digitsIn(metric()), digitsOf(duel.difference));
  const size = withUnit(number(delta, digits, true), metric().unit);
  if (duel.p_value === null) return `${pair}: ${size}; too few recordings to say how sure that is.`;
  const word = duel.sure ? `surely ${duel.better === one.place ? "better" : "worse"}` : duel.equal ? "" : "not surely different";
  const verdict = [word, duel.equal ? "surely equal" : ""].filter(Boolean).join(", yet ");
  return `${pair}: ${size} (95 % ${number(low, digits)} … ${number(high, digits)}), ${verdict} (p ${chance(duel.p_value)}). `
    + `The smallest difference that this pair can show: ${withUnit(number(duel.detectable, digits), metric().unit)}.${tellLacking([one, other])}`;
}

function duelTable(rows, found, limit) {
  const cell = (one, other) => {
    const duel = found.get(pairKey(one.place, other.place));
    return shaded(duel ? seenFrom(duel, one).delta : null, limit,
      { told: tellDuel(one, other, duel), focus: `duel ${one.place} ${other.place}`, sure: duel?.sure === 1, equal: duel?.equal === 1 });
  };
  return make("table", { class: "map dense duels" },
    make("thead", {}, make("tr", {}, make("td", {}), rows.map(row => make("th", { scope: "col" }, make("span", {}, breakable(row.name)))))),
    make("tbody", {}, rows.map(one => make("tr", {},
      make("th", { scope: "row" }, breakable(one.name)), rows.map(other => make("td", {}, cell(one, other)))))));
}

views.push(() => {
  const found = new Map(duelsOf(state.cell).map(duel => [pairKey(duel.better, duel.worse), duel]));
  const limit = limitOf([...found.values()].map(duel => duel.difference));
  const rows = rowsOf(state.cell, state.metric).sort(compareRows);
  const groups = Object.entries(GROUPS)
    .map(([group, [title]]) => ({ group, title, members: rows.filter(row => row.denoiser.ranked && row.denoiser.group === group) }))
    .filter(({ members }) => members.length > 1);
  if (!groups.length) {
    replace(find("#duels-view"), make("p", { class: "note" }, "No two denoisers of this run are ranked against each other."));
    return;
  }
  if (!found.size) {
    replace(find("#duels-view"), untested("pairs", hasDuels, "#duels .scroll"));
    return;
  }
  const framed = make("span", { class: "framed" }, make("i", {}), "surely different");
  const close = make("span", { class: "framed equal" }, make("i", {}, "≈"), `surely equal${within()}`);
  replace(find("#duels-view"), make("div", { class: "controls" }, legend(limit), framed, close),
    groups.flatMap(({ group, title, members }) => [
      groups.length > 1 ? make("h3", {}, title) : null,
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Who beats whom: ${title}` },
        walked(duelTable(members, found, limit), `duels-readout-${group}`)),
      readout(`duels-readout-${group}`, "Row against column; point at a cell, or walk with the arrow keys, for its interval and test."),
    ].filter(Boolean)));
});
