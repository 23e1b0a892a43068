// All that is known of one denoiser, and its worst clips in the chosen cell.
function facts(row) {
  const { denoiser } = row;
  const sized = (value, signed = false) => withUnit(inDigits(value, signed), metric().unit);
  const seconds = denoiser.real_time_factor === null ? "–"
    : `${significant(denoiser.real_time_factor)} processor seconds per second of audio (95th percentile ${significant(denoiser.real_time_factor_p95)})`;
  // Where all mixtures are of one length, means weighted by it are the means, and left out.
  const weighted = row.weighted_mean ?? row.mean;
  const told = [
    [metric().weighted, weighted === null ? "" : `${sized(weighted)}, the mean weighted by length`],
    ["Nine tenths", row.p10 === null ? "" : `of the mixtures have ${sized(row.p10)} or ${metric().higher_is_better ? "more" : "less"}; the worst has ${sized(row.worst)}`],
    ["Worst case", row.worst_case === null ? "" : `a mean of ${sized(row.worst_case)}, counting what it lacks as the lowest that a ranked denoiser or noisy has there`],
    ["Against noisy", row.won === null || row.place === BASELINE ? "" : tallyWords(row)],
    ["One left out", row.without_low === null || row.place === BASELINE ? "" : `Δ noisy lies between ${sized(row.without_low, true)} and ${sized(row.without_high, true)}, whichever recording is left out`],
    ["Carried by", row.carried_by && `${row.carried_by}: without it Δ noisy halves or turns round`],
    ["Trained on", denoiser.trained_on ?? "nothing"],
    ["Told besides", denoiser.needs.map(words).join(", ")],
    ["Assumes", denoiser.assumes],
    ["Real-time factor", seconds],
    ["Parameters", denoiser.parameters === null ? "unknown" : significant(denoiser.parameters)],
    ["Peak memory", denoiser.peak_memory_mb === null ? "" : `${significant(denoiser.peak_memory_mb)} MB`],
    ["Revision", denoiser.revision.slice(0, 24)],
    ["Licence", denoiser.license],
    ["Source", denoiser.citation],
    [`No ${metric().name}`, denoiser.gaps[metric().name]],
    ["Beware", denoiser.warning],
  ];
  return make("dl", {}, told.filter(([, text]) => text).flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]));
}

function clip(row, found, first) {
  const example = exampleOf(found.id);
  const shown = example >= 0 ? data.examples[example].noisy : found.file;
  const heard = example >= 0 && data.examples[example].estimates[row.denoiser.name];
  const listenTo = heard ? make("button", {
    class: "quiet", type: "button", data: { focus: `listen ${found.id}` },
    onclick: () => { change({ example, denoiser: row.place, layer: "estimate" }); find("#listen").scrollIntoView(); find(".play")?.focus({ preventScroll: true }); },
  }, "Listen") : null;
  const where = row.denoiser.needs.length ? "Scores all mixtures again, this one among them (it needs to be told more than the mixture)"
    : "Makes this estimate again, typed in the run's folder";
  return make("li", { data: { clip: found.id } },
    make("p", {}, make("b", {}, withUnit(inDigits(found.value), metric().unit)),
      found.delta === null ? null : make("span", { class: "soft" }, `${withUnit(inDigits(found.delta, true), metric().unit)} against noisy`),
      make("span", {}, place(found.key)), make("code", {}, found.id), listenTo),
    command(commandFor(row.denoiser, shown), first ? where : undefined));
}

function dossier(row) {
  const clips = worstOf(row.place, state.metric, state.cell);
  return make("div", { class: "dossier", data: { dossier: row.name } },
    make("div", {}, make("h4", {}, row.name), facts(row)),
    make("div", {}, make("h4", {}, clips.length > 1 ? `Worst clips: ${place(state.cell)}` : `Worst clip: ${place(state.cell)}`),
      clips.length ? make("ol", {}, clips.map((found, at) => clip(row, found, at === 0)))
        : make("p", { class: "soft" }, "No clip with a value here.")));
}
