// What the page knows, and what of it is chosen; a change redraws every view.
const data = JSON.parse(find("#data").textContent);
const { denoisers, metrics, columns } = data;
const { facets } = data;
const axes = Object.values(data.axes);
const WHOLE = axes.map(() => -1);
const cells = new Map(data.cells.map(cell => [cell.key.join(), cell]));
const BASELINE = denoisers.findIndex(item => item.name === "noisy");
const GROUPS = {
  blind: ["Blind", "told the mixture alone"],
  informed: ["Informed", "told noise alone beside it; ranked among themselves"],
  oracle: ["Bounds", "told the truth; not ranked"],
  reference: ["References", "not ranked"],
};

const state = {
  metric: 0, cell: WHOLE, sort: "mean", descending: true,
  open: null, denoiser: 0, example: 0, target: 0, layer: data.examples[0]?.inputs[0],
};
const views = [];

// A column holds one number each, or the one that all have.
const numberAt = (part, at) => (Array.isArray(part) ? part[at] : part);
const named = (names, values, at) => Object.fromEntries(names.map((name, offset) => [name, numberAt(values[offset], at)]));

function rowsOf(key, metric) {
  const cell = cells.get(key.join());
  if (!cell) return [];
  const size = metrics[metric].every > 1 ? cell.scored[metric][0] : cell.size;
  const rows = denoisers.map((denoiser, place) => ({
    denoiser, place, name: denoiser.name, size, real_time_factor: denoiser.real_time_factor, carried_by: "",
    ...named(columns, cell.values[metric], place),
  }));
  for (let at = 0; at < cell.carried.length; at += 3)
    if (cell.carried[at] === metric) rows[cell.carried[at + 1]].carried_by = cell.carried[at + 2];
  return rows;
}

// Pairs or claims of a cell in a metric; none where none were tested.
function testsOf(tests, key, metric) {
  const values = tests.cells.find(cell => cell.key.join() === key.join())?.values[metric] ?? [];
  const count = Math.max(0, ...values.map(part => (Array.isArray(part) ? part.length : 1)));
  return Array.from({ length: count }, (_, at) => named(tests.columns, values, at));
}

const metric = () => metrics[state.metric];
// An intelligibility differs in its third digit, decibels and opinions in their second.
const digitsIn = item => (item.negligible < 0.1 ? 3 : 2);
const inDigits = (value, signed = false) => number(value, digitsIn(metric()), signed);
const isBetter = (a, b) => (metric().higher_is_better ? a > b : a < b);

function bestFirst(rows) {
  return rows.filter(row => row.mean !== null).sort((a, b) => (a.mean === b.mean ? 0 : isBetter(a.mean, b.mean) ? -1 : 1));
}

function best(key) {
  const rows = bestFirst(rowsOf(key, state.metric));
  return rows.find(row => row.denoiser.group === "blind") ?? rows.find(row => row.denoiser.ranked) ?? rows[0];
}

const everyOf = item => `every ${item.every}${{ 2: "nd", 3: "rd" }[item.every] ?? "th"} mixture`;
const heading = item => `${item.name}${item.unit ? ` [${item.unit}]` : ""} ${item.higher_is_better ? "↑" : "↓"}${item.every > 1 ? ` (${everyOf(item)})` : ""}`;
const labelText = (axis, text) => (facets[axis].numeric ? `${text.replace("..", " to ").replaceAll("-", "−")} dB` : words(text));
const label = (axis, place) => labelText(axis, axes[axis][place]);

function place(key) {
  const parts = [...axes.keys()].filter(axis => key[axis] >= 0).map(axis => label(axis, key[axis]));
  return parts.length ? parts.join(" · ") : "all mixtures";
}

// The worst clips that a denoiser has in a cell: the page holds the worst of every smallest cell.
function worstOf(denoiser, metricPlace, key, most = 3) {
  const flat = data.worst.clips[metricPlace][denoiser];
  const found = [];
  for (let at = 0; at < flat.length && found.length < most; at += 3) {
    const [id, ...where] = data.worst.mixtures[flat[at]];
    const file = where.pop();
    if (key.every((wanted, axis) => wanted < 0 || wanted === where[axis]))
      found.push({ id, key: where, file, value: flat[at + 1], delta: flat[at + 2] });
  }
  return found;
}

const exampleOf = id => data.examples.findIndex(example => example.id === id);

function commandFor(denoiser, noisy) {
  return denoiser.again.replace("{noisy}", () => noisy);
}

function change(changes) {
  Object.assign(state, changes);
  for (const view of views) view();
}
