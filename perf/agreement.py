"""How far every metric is from other implementations of it; writes `docs/agreement.md`.

    python perf/agreement.py [FILE]

The implementations and the recordings are those of `tests/benchmarks/metrics/test_agreement.py`,
the adversarial pairs those of `conftest.py` beside it. What is not installed is left out and named.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import numpy as np

from benchmarks.metrics.suite import CHANNELS, Scorer, describe
from mn_dataset.files.atomic import write_text
from mn_dataset.markdown import markdown_table

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests/benchmarks/metrics"
DISTRIBUTIONS = {"visqol": "visqol-python"}
RIGHT_DB = (0, -10, -20, -40)

PAGE = """# Whose numbers these are

Every metric beside every independent implementation at hand, by `make agreement`: on {pairs}
adversarial pairs (2 s, one of a minute: sines, steps, band limits, delays, offsets, gains, 95 dB)
and {recordings} estimates of {clips} recordings (cello, drum kit, song) at 5 dB. Values beyond ±100
are taken as ±100.

*cases* counts the pairs on which both have a number, *without* those on which one has none (it
raised, or gave NaN). *asked* is what the tests hold it to on recordings; a dash stands where the
definition is another one, and the difference is no error of either.

{table}

{versions}

## What differs by definition

* **SDR of museval (v4) is `snr`.** With one source it forgives nothing, where the SDR of BSS Eval
  v3 (`sdr`) forgives a filter of 512 taps. Two columns called "SDR" may differ by what the table
  says. As papers report it, it is a median over seconds: `snr_frames` of one source, `sdr_v4` of
  two, where seconds in which either is silent are left away for both.
* **Bleedless and fullness** leave open how channels are joined, and mean cells of one sign alone,
  however few they are; the floor is below the loudest band of each signal by itself.
* **PESQ** is three numbers: the code before Corrigendum 2 (`pesq`, in nearly all papers), that
  after it (`pesq_cor2`), and narrow band, whose value depends on the rate that it is fed with.
* **LSD** is as many numbers as there are papers: window, floor, logarithm. `lsd_urgent` is that of
  the URGENT challenges, `lsd_db` the classical one.

## Channels

{channels}

The same recording and noise in both channels, the right channel's music lowered, `snr` in dB:

{stereo}
"""


def loaded(name: str) -> ModuleType:
    """Import a module of the tests, which are no package."""
    spec = importlib.util.spec_from_file_location(f"agreement_{name}", TESTS / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Ask every peer, and write the page."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/agreement.md"
    peers, conftest = loaded("test_agreement"), loaded("conftest")
    made = [
        (np.ascontiguousarray(clean), np.ascontiguousarray(estimate))
        for clean, estimate in (make() for make in conftest.ADVERSARIAL.values())
    ]
    adversarial = [peers.Pair(clean, estimate, estimate) for clean, estimate in made]
    recordings = list(peers.recordings())
    if not recordings:
        sys.exit(f"no recordings in {peers.OPEN}; expected the open corpus beside the project")
    cases = {
        peers.ALL: [*adversarial, *recordings],
        peers.RECORDINGS: recordings,
        peers.MIXTURES: list(peers.recordings(peers.MIXTURES)),
    }
    there = [peer for peer in peers.PEERS if peer.installed]
    rows = [row(peer, cases[peer.cases]) for peer in sorted(there, key=lambda peer: peer.metric)]
    header = ["metric", "beside", "cases", "without", "largest deviation", "asked", "by definition"]
    page = PAGE.format(
        pairs=len(adversarial),
        recordings=len(recordings),
        clips=len(peers.CATEGORIES),
        table=markdown_table(header, rows),
        versions=versions({peer.package for peer in there}, {peer.package for peer in peers.PEERS}),
        channels=CHANNELS,
        stereo=stereo(peers, recordings[0], beside="museval" in {peer.package for peer in there}),
    )
    write_text(out, page)
    print(page)


def row(peer: object, pairs: list) -> list[str]:
    """Return one line of the table."""
    distances = [peer.distance(pair) for pair in pairs]
    known = [distance for distance in distances if not math.isnan(distance)]
    (spec,) = describe([peer.metric])
    unit = "" if spec.unit == "1" else f" {spec.unit}"
    asked = "–" if peer.within is None else f"{peer.within:.0e}" if peer.within else "0"
    farthest = max(known, default=math.nan)
    largest = f"{farthest:.1e}" if 0.0 < farthest < 0.001 else f"{farthest:.3g}"
    print(f"{peer.metric}: {peer.name}: {largest}", file=sys.stderr)
    return [
        f"`{peer.metric}`",
        peer.name,
        str(len(known)),
        str(len(distances) - len(known)),
        largest + unit,
        asked,
        peer.differs,
    ]


def versions(there: set[str], asked: set[str]) -> str:
    """Return what was measured beside, and what was not installed."""
    named = [(name, DISTRIBUTIONS.get(name, name)) for name in sorted(there)]
    lines = ["Measured beside " + ", ".join(f"{n} {metadata.version(d)}" for n, d in named) + "."]
    lines += [f"Not installed, and so left out: {name}." for name in sorted(asked - there)]
    return "\n".join(lines)


def stereo(peers: ModuleType, pair: object, *, beside: bool) -> str:
    """Return `snr` of two channels as averaged here, and as joined by museval."""
    rows = []
    for level_db in RIGHT_DB:
        clean = np.stack([pair.clean, 10 ** (level_db / 20) * pair.clean])
        estimate = clean + 0.3 * pair.noise
        scorer = Scorer(clean, peers.RATE, metrics=["snr"])
        ours = scorer.score(estimate)["snr"].value
        error = np.square(estimate - clean).sum()
        joined = 10 * math.log10(np.square(clean).sum() / error)
        shown = f"{peers.museval(clean.T, estimate.T):.2f}" if beside else "–"
        rows.append([f"{level_db} dB", f"{ours:.2f}", f"{joined:.2f}", shown])
    return markdown_table(["right channel", "here", "energies joined", "museval"], rows)


if __name__ == "__main__":
    main()
