// Begin: the choices of the address, or else the whole run in its first metric.
function chosenInAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const find = (list, name) => Math.max(-1, list.indexOf(asked.get(name)));
  return {
    cell: facets.map(({ name }, axis) => find(axes[axis], name)),
    metric: Math.max(0, find(metrics.map(item => item.name), "metric")),
    open: asked.has("denoiser") ? denoisers.findIndex(item => item.name === asked.get("denoiser")) : -1,
  };
}

function writeAddress() {
  const told = new URLSearchParams();
  facets.forEach(({ name }, axis) => { if (state.cell[axis] >= 0) told.set(name, axes[axis][state.cell[axis]]); });
  if (state.metric) told.set("metric", metrics[state.metric].name);
  if (state.open !== null) told.set("denoiser", denoisers[state.open].name);
  if (String(told) || location.hash.includes("=")) history.replaceState(null, "", `#${told}`);
}

function drawTheme() {
  const kept = () => { try { return localStorage.getItem("mn-theme") ?? ""; } catch { return ""; } };
  const act = value => {
    document.documentElement.dataset.theme = value;
    try { localStorage.setItem("mn-theme", value); } catch { /* a page from disk may have no storage */ }
  };
  act(kept());
  find("#theme").append(...choices("theme", [["", "Auto"], ["light", "Light"], ["dark", "Dark"]], kept(), act));
}

drawTheme();
const run = find("#run-command");
if (run) run.replaceWith(command(run.textContent));
const asked = chosenInAddress();
Object.assign(state, { cell: asked.cell, metric: asked.metric, ...order("mean", asked.metric) });
state.denoiser = asked.open >= 0 ? asked.open : best(WHOLE)?.place ?? 0;
state.open = asked.open >= 0 ? asked.open : null;
drawFilters();
views.push(writeAddress);
change({});
