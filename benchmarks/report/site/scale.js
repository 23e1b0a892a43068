// Axes: round steps, places, and the picture of one interval.
function steps(low, high, wanted) {
  const span = high - low || 1;
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) found.push(at * step);
  return found;
}

const tick = value => String(Number(value.toPrecision(3))).replace("-", "−");

function extent(values, margin) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) [low, high] = [low - 1, high + 1];
  const room = (high - low) * margin;
  return [low - room, high + room];
}

const quantile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
};

// Bounds may lie far out; they do not squeeze the others, but leave by the edge.
function domain(rows) {
  const values = rows.filter(row => row.denoiser.group !== "oracle")
    .flatMap(row => [row.ci_low, row.mean, row.ci_high]).filter(value => value !== null);
  return extent(values.length ? values : [0, 1], 0.04);
}

const WIDTH = 180;

function whisker(row, [low, high], base, wanted = 5) {
  const at = value => (WIDTH * (value - low)) / (high - low);
  const held = value => Math.max(0, Math.min(WIDTH, at(value)));
  const drawn = trace("svg", { class: `whisker by-${row.denoiser.group}`, viewBox: `0 0 ${WIDTH} 24`, "aria-hidden": "true" });
  for (const value of steps(low, high, wanted)) drawn.append(trace("line", { class: "grid", x1: at(value), x2: at(value), y1: -6, y2: 30 }));
  if (base !== null) drawn.append(trace("line", { class: "base", x1: held(base), x2: held(base), y1: -6, y2: 30 }));
  if (row.ci_low !== null && at(row.ci_high) >= 0 && at(row.ci_low) <= WIDTH)
    drawn.append(trace("line", { class: "span", x1: held(row.ci_low), x2: held(row.ci_high), y1: 12, y2: 12 }));
  if (row.mean === null) return drawn;
  const x = at(row.mean);
  if (x > WIDTH) drawn.append(trace("path", { class: "beyond", d: `M${WIDTH} 12l-8 -5v10z` }));
  else if (x < 0) drawn.append(trace("path", { class: "beyond", d: "M0 12l8 -5v10z" }));
  else drawn.append(trace("circle", { class: "dot", cx: x, cy: 12, r: 4.5 }));
  return drawn;
}

function ruler([low, high], wanted = 5) {
  const drawn = trace("svg", { class: "whisker", viewBox: `0 0 ${WIDTH} 24`, "aria-hidden": "true" });
  for (const value of steps(low, high, wanted)) {
    const x = (WIDTH * (value - low)) / (high - low);
    drawn.append(trace("text", { x, y: 18 }, tick(value)));
  }
  return drawn;
}
