// Quality against cost, and what nothing else beats in both.
const SHAPES = {
  blind: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", informed: "M0 -6.5l6.5 6.5l-6.5 6.5l-6.5 -6.5z",
  oracle: "M0 -6l6 10.5h-12z", reference: "M-4.5 -4.5h9v9h-9z",
};
const pen = document.createElement("canvas").getContext("2d");

function textWidth(text, bold) {
  pen.font = `${bold ? 650 : 400} 12px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
}

// The front: sorted by cost, each better than all that are cheaper.
function front(points) {
  const found = [];
  for (const point of [...points].sort((a, b) => a.cost - b.cost || (isBetter(a.mean, b.mean) ? -1 : 1)))
    if (!found.length || isBetter(point.mean, found.at(-1).mean)) found.push(point);
  return found;
}

const meets = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

// A name that takes more than half of the plot is cut; its point still tells the whole.
function shortened(name, bold, room) {
  let text = name;
  while (textWidth(text, bold) > room && text.length > 2) text = `${text.slice(0, -2)}…`;
  return text;
}

// Places for a label: beside its point, and further and further off.
function* spots(point, w) {
  for (const reach of [10, 22, 36, 52, 70, 90, 115, 145])
    for (const angle of [0, -35, 35, -145, -90, 90, 180, 145, -65, 65, -115, 115]) {
      const [dx, dy] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
      const x = point.x + dx * reach - (dx < -0.3 ? w : dx > 0.3 ? 0 : w / 2);
      yield { x, y: point.y + dy * reach * 0.9 - 8, w, h: 16, reach };
    }
}

// No label on another one or on a point; none on the front either, where that can be.
function placeLabels(points, frame, edge, taken) {
  taken.push(...points.map(point => ({ x: point.x - 7, y: point.y - 7, w: 14, h: 14 })));
  const lines = edge.flatMap((point, at) => {
    const next = edge[at + 1] ?? { x: frame.right, y: point.y };
    return [{ x: point.x, y: point.y - 1, w: next.x - point.x, h: 2 },
      { x: next.x - 1, y: Math.min(point.y, next.y), w: 2, h: Math.abs(next.y - point.y) }];
  });
  for (const point of [...points].sort((a, b) => b.onFront - a.onFront)) {
    point.said = shortened(point.name, point.onFront, (frame.right - frame.left) / 2);
    const inside = [...spots(point, textWidth(point.said, point.onFront) + 2)].filter(box =>
      box.x >= frame.left - 40 && box.x + box.w <= frame.right + 8 && box.y >= 14 && box.y + box.h <= frame.bottom);
    const free = others => inside.find(box => !others.some(other => meets(box, other)));
    point.label = free([...taken, ...lines]) ?? free(taken);
    if (point.label) taken.push(point.label);
  }
}

function drawCost() {
  const holder = find("#cost-plot");
  const width = Math.max(280, holder.clientWidth);
  const height = width < 560 ? 340 : 430;
  const frame = { left: 46, right: width - 10, top: 26, bottom: height - 42 };
  const rows = rowsOf(state.cell, state.metric).filter(row => row.mean !== null);
  const points = rows.filter(row => row.place !== BASELINE && row.real_time_factor > 0 && row.denoiser.group !== "oracle")
    .map(row => ({ ...row, cost: row.real_time_factor, group: row.denoiser.group }));
  if (!points.length) {
    replace(holder, make("p", { class: "soft" }, "No denoiser has both a value and a time here."));
    return;
  }
  const base = rows.find(row => row.place === BASELINE);
  const [low, high] = extent([...points.map(point => point.mean), ...(base ? [base.mean] : [])], 0.1);
  const logs = extent(points.map(point => Math.log10(point.cost)), 0.12);
  const atX = cost => frame.left + ((Math.log10(cost) - logs[0]) / (logs[1] - logs[0])) * (frame.right - frame.left);
  const atY = value => frame.bottom - ((value - low) / (high - low)) * (frame.bottom - frame.top);
  const edge = front(points.filter(point => point.group === "blind"));
  for (const point of points) Object.assign(point, { x: atX(point.cost), y: atY(point.mean), onFront: edge.includes(point) });
  const said = base ? `noisy ${inDigits(base.mean)}` : "";
  placeLabels(points, frame, edge, base ? [{ x: frame.left, y: atY(base.mean) + 2, w: textWidth(said) + 6, h: 16 }] : []);
  const drawn = trace("svg", {
    class: "plot", viewBox: `0 0 ${width} ${height}`, height, role: "img",
    "aria-label": `${heading(metric())} against real-time factor. The front, the cheapest first: ${edge.map(point => point.name).join(", ")}.`,
  });
  drawFrame(drawn, frame, { low, high, logs, atX, atY });
  if (base) {
    drawn.append(trace("line", { class: "base", x1: frame.left, x2: frame.right, y1: atY(base.mean), y2: atY(base.mean) }));
    drawn.append(trace("text", { class: "halo", x: frame.left + 4, y: atY(base.mean) + 14 }, said));
  }
  const path = edge.map((point, at) => (at ? `H${point.x}V${point.y}` : `M${point.x} ${point.y}`)).join("");
  drawn.append(trace("path", { class: "front", d: `${path}H${frame.right}` }));
  for (const point of points) drawn.append(...mark(point));
  replace(holder, drawn, keys(points, rows.filter(row => row.denoiser.group === "oracle")));
}

function drawFrame(drawn, frame, { low, high, logs, atX, atY }) {
  for (const value of steps(low, high, 6)) {
    drawn.append(trace("line", { class: "grid", x1: frame.left, x2: frame.right, y1: atY(value), y2: atY(value) }));
    drawn.append(trace("text", { x: frame.left - 8, y: atY(value) + 4, "text-anchor": "end" }, tick(value)));
  }
  const decades = [];
  for (let power = Math.floor(logs[0]); power <= Math.ceil(logs[1]); power++)
    for (const factor of logs[1] - logs[0] < 1.5 ? [1, 2, 5] : [1]) decades.push(factor * 10 ** power);
  for (const cost of decades) {
    const x = atX(cost);
    if (x < frame.left - 1 || x > frame.right + 1) continue;
    drawn.append(trace("line", { class: cost === 1 ? "base" : "grid", x1: x, x2: x, y1: frame.top, y2: frame.bottom }));
    drawn.append(trace("text", { x, y: frame.bottom + 17, "text-anchor": "middle" }, String(Number(cost.toPrecision(3)))));
  }
  drawn.append(trace("line", { class: "axis", x1: frame.left, x2: frame.right, y1: frame.bottom, y2: frame.bottom }));
  drawn.append(trace("text", { x: frame.right, y: frame.bottom + 35, "text-anchor": "end" }, "processor seconds per second of audio (log scale)"));
  drawn.append(trace("text", { x: 0, y: 12 }, heading(metric())));
}

function mark(point) {
  const found = [];
  if (point.label && point.label.reach > 22) {
    const box = point.label;
    const x = Math.max(box.x, Math.min(point.x, box.x + box.w));
    found.push(trace("line", { class: "leader", x1: point.x, y1: point.y, x2: x, y2: box.y + (box.y > point.y ? 3 : 13) }));
  }
  found.push(trace("g", { transform: `translate(${point.x} ${point.y})`, class: `by-${point.group}` },
    trace("path", {
      class: point.onFront ? "point on-front" : "point", d: SHAPES[point.group],
      onclick: () => { change({ open: point.place, denoiser: point.place }); find("#board").scrollIntoView(); },
    }, trace("title", {}, `${point.name}: ${withUnit(inDigits(point.mean), metric().unit)}, real-time factor ${significant(point.cost)}`))));
  if (point.label) found.push(trace("text", {
    class: `halo label ${point.onFront ? "on-front" : point.denoiser.ranked ? "" : "off"}`, x: point.label.x + 1, y: point.label.y + 12,
  }, point.said));
  return found;
}

function keys(points, bounds) {
  const present = new Set(points.map(point => point.group));
  const entries = Object.keys(SHAPES).filter(group => present.has(group)).map(group =>
    make("li", { class: `by-${group}` }, trace("svg", { class: "plot", viewBox: "-7 -7 14 14", "aria-hidden": "true" },
      trace("path", { class: "point on-front", d: SHAPES[group] })), GROUPS[group][0].toLowerCase()));
  const out = bounds.map(row => make("li", {}, `${row.name} (bound, not drawn): ${withUnit(inDigits(row.mean), metric().unit)}`));
  const line = make("li", {}, trace("svg", { class: "plot", viewBox: "-7 -7 14 14", "aria-hidden": "true" },
    trace("path", { class: "front", d: "M-9 4H0V-4H9" })), "the front");
  return make("ul", { class: "keys" }, entries, line, out);
}

// The plot as a file of its own: with the page's rules in it, in the colours that are chosen.
function saveCost() {
  const copy = find("#cost-plot > svg").cloneNode(true);
  copy.setAttribute("xmlns", copy.namespaceURI);
  copy.dataset.theme = document.documentElement.dataset.theme;
  const rules = [...document.styleSheets].flatMap(sheet => [...sheet.cssRules]).map(rule => rule.cssText);
  copy.prepend(trace("style", {}, rules.join("\n")));
  const file = new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
  const link = make("a", { href: URL.createObjectURL(file), download: `cost-${metric().name}.svg` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

find("#cost-save").addEventListener("click", saveCost);
views.push(drawCost);
new ResizeObserver(() => drawCost()).observe(find("#cost-plot"));
