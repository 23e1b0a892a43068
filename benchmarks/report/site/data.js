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

function rowsOf(key, metric) {
  const cell = cells.get(key.join());
  if (!cell) return [];
  return denoisers.map((denoiser, place) => {
    const first = (metric * denoisers.length + place) * columns.length;
    const row = { denoiser, place, name: denoiser.name, size: cell.size, real_time_factor: denoiser.real_time_factor };
    columns.forEach((name, offset) => { row[name] = cell.values[first + offset]; });
    return row;
  });
}

const metric = () => metrics[state.metric];
const isBetter = (a, b) => (metric().higher_is_better ? a > b : a < b);

function bestFirst(rows) {
  return rows.filter(row => row.mean !== null).sort((a, b) => (a.mean === b.mean ? 0 : isBetter(a.mean, b.mean) ? -1 : 1));
}

function best(key) {
  const rows = bestFirst(rowsOf(key, state.metric));
  return rows.find(row => row.denoiser.group === "blind") ?? rows.find(row => row.denoiser.ranked) ?? rows[0];
}

const heading = item => `${item.name}${item.unit ? ` [${item.unit}]` : ""} ${item.higher_is_better ? "↑" : "↓"}`;
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
