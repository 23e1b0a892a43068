// The choices that everything on the page answers to.
const FILTERS = [...facets.map(facet => facet.title), "Metric"];

function drawFilters() {
  const form = find("#filters");
  form.addEventListener("submit", event => event.preventDefault());
  FILTERS.forEach((title, axis) => {
    const options = axis < axes.length
      ? [[-1, "all"], ...axes[axis].map((_, at) => [at, label(axis, at)])]
      : metrics.map((item, at) => [at, heading(item)]);
    const act = value => (axis < axes.length
      ? change({ cell: state.cell.map((kept, other) => (other === axis ? value : kept)) })
      : change({ metric: value, ...order(state.sort, value) }));
    const chosen = axis < axes.length ? state.cell[axis] : state.metric;
    form.append(make("fieldset", { data: { filter: title } }, make("legend", {}, title),
      make("div", { class: "segments" }, choices(title, options, chosen, act))));
  });
}

// The direction in which a column is best read first.
function order(key, metricPlace = state.metric) {
  const up = metrics[metricPlace].higher_is_better;
  const rising = ["rank", "name", "p_value", "real_time_factor"].includes(key);
  const valued = ["mean", "median", "ci_low", "ci_high", "delta"].includes(key);
  return { sort: key, descending: rising ? false : valued ? up : true };
}

// On a phone a row of choices scrolls; the chosen one is to be seen.
function show(chip) {
  const box = chip.parentElement;
  const [left, right] = [chip.offsetLeft - 8, chip.offsetLeft + chip.offsetWidth + 8];
  if (left < box.scrollLeft) box.scrollLeft = left;
  else if (right > box.scrollLeft + box.clientWidth) box.scrollLeft = right - box.clientWidth;
}

views.push(() => {
  [...state.cell, state.metric].forEach((chosen, axis) => {
    for (const input of document.getElementsByName(FILTERS[axis])) {
      input.checked = Number(input.value) === chosen;
      if (input.checked) show(input.parentElement);
    }
  });
  for (const title of document.querySelectorAll("[data-cell]"))
    title.textContent = `${heading(metric())} · ${place(state.cell)}`;
  find("[data-signs-cell]").textContent = `every metric · ${place(state.cell)}`;
});
