// Cells that are too small to rank, and the larger ones around them.
const isResolved = key => cells.get(key.join())?.resolved[state.metric] === 1;

const counted = (count, [one, several]) => `${count} ${count === 1 ? one : several}`;
const listed = parts => [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter(Boolean).join(" and ");

// By how much two may differ and still count as equal.
const within = () => (metric().negligible ? ` (within ±${withUnit(significant(metric().negligible), metric().unit)})` : "");

const counts = (recordings, mixtures) => [...recordings.map((count, kind) => counted(count, data.recordings[kind])), counted(mixtures, ["mixture", "mixtures"])];

function tooFew(key) {
  const { size, scored } = cells.get(key.join());
  const [mixtures, ...recordings] = scored[state.metric];
  const valued = mixtures < size ? ` with a value in ${metric().name}` : "";
  const needed = counts(recordings.map(() => data.needed.recordings), data.needed.mixtures);
  return `${listed(counts(recordings, mixtures))}${valued} are too few to tell denoisers apart; ranks take at least ${listed(needed)}. `;
}

// The cells with some of the filters let go that hold what is asked; none that lies around another one.
function around(key, holds) {
  const fixed = [...key.keys()].filter(axis => key[axis] >= 0);
  const parts = fixed.reduce((found, axis) => [...found, ...found.map(part => [...part, axis])], [[]])
    .filter(part => part.length < fixed.length).sort((a, b) => b.length - a.length);
  const kept = [];
  for (const part of parts) {
    if (kept.some(other => part.every(axis => other.includes(axis)))) continue;
    if (holds(key.map((at, axis) => (part.includes(axis) ? at : -1)))) kept.push(part);
  }
  return kept.map(part => key.map((at, axis) => (part.includes(axis) ? at : -1)));
}

// Buttons for the nearest cells that hold what is asked; the focus goes to what they bring.
function offer(key, holds, target, word) {
  const nearest = around(key, holds);
  if (!nearest.length) return null;
  return make("span", { class: "offer" }, `Nearest that are ${word}: `, nearest.map(cell => make("button", {
    class: "quiet", type: "button",
    onclick: () => { change({ cell }); find(target)?.focus({ preventScroll: true }); },
  }, place(cell))));
}

// By which filters alone there are tests.
function alone() {
  const titles = facets.filter((_, axis) => data.duels.cells.some(cell => cell.key[axis] >= 0)).map(({ title }) => title.replace(/^[A-Z](?=[a-z])/, letter => letter.toLowerCase()));
  return titles.length ? `, and on each ${listed(titles)} by itself` : "";
}

function untested(what, holds, target) {
  const large = isResolved(state.cell);
  const word = large ? "tested" : "resolved";
  const reason = large ? `There are no ${what} of it: they are tested on all mixtures${alone()}. ` : tooFew(state.cell);
  return make("p", { class: "untested" }, make("b", {}, `Not ${word}`), ` on ${place(state.cell)}. `, reason, offer(state.cell, holds, target, word));
}
