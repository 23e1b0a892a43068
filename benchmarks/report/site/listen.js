// Inputs, estimate, target and residual of one mixture: one time, one scale, one loudness.
const deck = { key: null, sounds: {}, playing: false, matched: true, seconds: 0 };

const targetOf = example => example.targets[state.target] ?? example.targets[0];

function layersOf(example, denoiser) {
  const target = targetOf(example);
  const own = example.estimates[denoiser.name]?.[target] ?? {};
  const inputs = example.inputs.map(name => [name, example.layers[name]]);
  return Object.fromEntries([...inputs, ["estimate", own.estimate], [target, example.layers[target]], ["residual", own.residual]]);
}

// Only attenuation is at hand: all come down to the quietest, or stand as they are to each other.
function volumes(layers) {
  const there = Object.entries(layers).filter(([, player]) => player);
  const aim = ([, player]) => (deck.matched ? player.level_db ?? null : player.raised_db);
  const known = there.map(aim).filter(value => value !== null);
  const limit = Math.min(...known);
  return Object.fromEntries(there.map(entry => {
    const value = aim(entry);
    return [entry[0], value === null ? 1 : 10 ** ((limit - value) / 20)];
  }));
}

function stop() {
  for (const sound of Object.values(deck.sounds)) sound.pause();
  deck.playing = false;
}

function load(layers, key) {
  stop();
  deck.key = key;
  deck.sounds = {};
  for (const [name, player] of Object.entries(layers)) {
    if (!player) continue;
    const sound = new Audio();
    sound.preload = "none";
    sound.src = player.file;
    sound.addEventListener("ended", () => { deck.playing = false; deck.seconds = 0; showTime(); });
    deck.sounds[name] = sound;
  }
}

async function play() {
  const sound = deck.sounds[state.layer];
  if (!sound) return;
  deck.playing = true;
  sound.currentTime = deck.seconds;
  try {
    await sound.play();
  } catch (error) {
    if (error.name !== "AbortError") { deck.playing = false; find("#heard-status").textContent = `This browser cannot play it: ${error.message}`; }
  }
  requestAnimationFrame(follow);
}

function follow() {
  if (!deck.playing) return showTime();
  const sound = deck.sounds[state.layer];
  if (sound && !sound.paused) deck.seconds = sound.currentTime;
  showTime();
  requestAnimationFrame(follow);
}

function showTime() {
  const length = Number(find("#seek")?.max) || 1;
  for (const head of document.querySelectorAll(".picture .head")) head.style.left = `${Math.min(100, (100 * deck.seconds) / length)}%`;
  if (!find("#seek")) return;
  find("#seek").value = deck.seconds;
  find("#seek").setAttribute("aria-valuetext", `${number(deck.seconds, 1)} seconds`);
  find(".clock").textContent = `${number(deck.seconds, 1)} / ${number(length, 1)} s`;
  find(".play").textContent = deck.playing ? "❚❚ Pause" : "▶ Play";
}

function seek(seconds) {
  deck.seconds = seconds;
  const sound = deck.sounds[state.layer];
  if (sound && sound.readyState > 0) sound.currentTime = seconds;
  showTime();
}

function switchTo(name) {
  const was = deck.playing;
  stop();
  change({ layer: name });
  if (was) play();
}

function tile(name, player, example, denoiser) {
  const on = state.layer === name;
  const raised = !player || !player.raised_db ? "" : `${number(player.raised_db, 1, true)} dB`;
  const title = name === "estimate" ? denoiser.name : words(name);
  const about = { estimate: "estimate", residual: `${example.inputs.length > 1 ? "input" : words(example.inputs[0])} − estimate` }[name] ?? "";
  const ticks = data.picture.ticks.filter(([hz]) => [200, 1000, 5000].includes(hz)).map(([hz, at]) =>
    make("span", { class: "hz", style: `bottom: ${100 * at}%` }, hz < 1000 ? `${hz} Hz` : `${hz / 1000} kHz`));
  const inside = !player ? make("p", {}, "No audio: the denoiser failed here, or the file is gone.")
    : player.picture ? make("img", { src: player.picture, alt: `Spectrogram of ${title}`, loading: "lazy", width: 480, height: 144 })
      : make("p", {}, "No picture: the file could not be read.");
  const act = event => {
    const box = event.currentTarget.getBoundingClientRect();
    deck.seconds = ((event.clientX - box.left) / box.width) * example.duration_s;
    if (state.layer !== name) switchTo(name);
    seek(deck.seconds);
  };
  return make("div", { class: `tile${on ? " on" : ""}${player ? "" : " absent"}`, data: { layer: name } },
    make("label", {}, make("span", { class: "what" },
      make("input", { type: "radio", name: "layer", value: name, checked: on, disabled: !player, data: { focus: `layer ${name}` }, onchange: () => switchTo(name) }), title),
    make("span", { class: "soft" }, [about, raised && `file ${raised}`].filter(Boolean).join(", "))),
    make("div", { class: "picture", onclick: player ? act : undefined }, inside, ticks, make("span", { class: "head" })),
    make("div", { class: "times", "aria-hidden": "true" }, [0, 0.25, 0.5, 0.75, 1].map(share => make("span", {}, `${tick(share * example.duration_s)}${share === 1 ? " s" : ""}`))));
}

function mixtureList() {
  const list = make("div", { class: "mixtures", role: "group", "aria-label": "Mixtures" });
  for (const [why, title] of [["hardest", "Hardest: worst of most denoisers"], ["spread", "Some of every kind"], ["", "Examples"]]) {
    const members = data.examples.map((example, at) => ({ example, at })).filter(({ example }) => example.why === why);
    if (members.length) list.append(make("h3", {}, title));
    for (const { example, at } of members) {
      const inside = state.cell.every((chosen, axis) => chosen < 0
        || (axis < example.labels.length ? example.labels[axis] === axes[axis][chosen] : example.targets.includes(axes[axis][chosen])));
      const texts = example.labels.map((text, axis) => labelText(axis, text));
      const leads = axis => axis === 0 || facets[axis].numeric;
      const name = [texts.filter((_, axis) => leads(axis)).join(", "), ...texts.filter((_, axis) => !leads(axis))].join(" · ");
      const worst = example.worst_of.length ? `worst of ${example.worst_of.length > 3 ? `${example.worst_of.length} denoisers` : example.worst_of.join(", ")}` : "";
      list.append(make("button", {
        type: "button", class: inside ? undefined : "elsewhere", "aria-current": at === state.example ? "true" : undefined,
        data: { focus: `example ${at}`, example: example.id }, onclick: () => change({ example: at }),
      }, name,
      make("small", {}, [example.id, worst].filter(Boolean).join(" · "))));
    }
  }
  return list;
}

function scoreTable(example, denoiser) {
  const scores = example.target_scores[targetOf(example)] ?? example.scores;
  const [own, base] = [scores[denoiser.name], scores.noisy];
  if (!own) return null;
  const head = ["", ...(base ? ["noisy"] : []), denoiser.name, ...(base ? ["Δ"] : [])];
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scores of this mixture" },
    make("table", {}, make("thead", {}, make("tr", {}, head.map((text, at) => make("th", { scope: "col", class: at ? undefined : "word" }, text)))),
      make("tbody", {}, metrics.map((item, at) => make("tr", {}, make("th", { scope: "row", class: "word" }, heading(item)),
        base ? make("td", {}, number(base[at], digitsIn(item))) : null, make("td", {}, number(own[at], digitsIn(item))),
        base ? make("td", {}, own[at] === null || base[at] === null ? "–" : number(own[at] - base[at], digitsIn(item), true)) : null)))));
}

function credit(example) {
  return example.sources.map(source => make("p", { class: "credit" },
    `${source.id}: ${[source.source, source.attribution, source.license || "licence unknown"].filter(Boolean).join(" · ")} `,
    /^https?:/.test(source.url) ? make("a", { href: source.url, rel: "noreferrer" }, "source") : null));
}

function targetSelect(example) {
  if (example.targets.length < 2) return null;
  const select = make("select", { id: "listen-target", data: { focus: "listen-target" }, onchange: () => change({ target: Number(select.value) }) },
    example.targets.map((name, at) => make("option", { value: at }, words(name))));
  select.value = String(example.targets.indexOf(targetOf(example)));
  return make("label", {}, "Target", select);
}

function drawPlayer() {
  const example = data.examples[state.example];
  const names = denoisers.map((_, at) => at).filter(at => example.estimates[denoisers[at].name]);
  const chosen = names.includes(state.denoiser) ? state.denoiser : names[0] ?? state.denoiser;
  const denoiser = denoisers[chosen];
  const layers = layersOf(example, denoiser);
  if (!(state.layer in layers)) state.layer = targetOf(example);
  const key = JSON.stringify([example.id, denoiser.name, targetOf(example)]);
  if (deck.key !== key) {
    const was = deck.playing;
    if (deck.key === null || JSON.parse(deck.key)[0] !== example.id) deck.seconds = 0;
    load(layers, key);
    if (was && layers[state.layer]) setTimeout(play);
  }
  for (const [name, volume] of Object.entries(volumes(layers))) deck.sounds[name].volume = volume;
  const select = denoiserSelect("listen-denoiser", names);
  select.value = String(chosen);
  const matched = make("input", { type: "checkbox", checked: deck.matched, data: { focus: "matched" }, onchange: event => { deck.matched = event.target.checked; change({}); } });
  return make("div", { class: "player" },
    make("div", { class: "controls" }, make("label", {}, "Estimate of", select), targetSelect(example), make("label", {}, matched, "Equally loud"),
      make("span", { class: "legend" }, `${data.picture.floor_db} dBFS`.replace("-", "−"), make("i", { class: "magma" }), "0")),
    make("div", { class: "tiles", role: "radiogroup", "aria-label": "What is heard" }, Object.entries(layers).map(([name, player]) => tile(name, player, example, denoiser))),
    make("div", { class: "transport" },
      make("button", { class: "play", type: "button", data: { focus: "play" }, onclick: () => { if (deck.playing) { stop(); showTime(); } else play(); } }, "▶ Play"),
      make("input", { type: "range", id: "seek", min: 0, max: example.duration_s, step: 0.01, "aria-label": "Position", data: { focus: "seek" }, oninput: event => seek(Number(event.target.value)) }),
      make("span", { class: "clock" })),
    make("p", { class: "note", id: "heard-status", role: "status" }),
    command(commandFor(denoiser, example.noisy), denoiser.needs.length ? "Scores all mixtures again: this one is told more than the mixture" : "Makes this estimate again, typed in the run's folder"),
    make("div", { class: "heard" }, scoreTable(example, denoiser), credit(example)));
}

views.push(() => {
  const holder = find("#listen-view");
  if (!holder || !data.examples.length) return;
  const scrolled = find(".mixtures")?.scrollTop ?? 0;
  replace(holder, make("div", { class: "listen" }, mixtureList(), drawPlayer()));
  find(".mixtures").scrollTop = scrolled;
  showTime();
});
