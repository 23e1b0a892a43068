from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.leaderboard.crossed import Clustering, Crossing, crossed, estimate

Floats = NDArray[np.float64]
Recordings = tuple[NDArray[np.intp], NDArray[np.intp]]


def met(clips: int, noises: int) -> Recordings:
    """Return the clean and noise recording of each mixture when all meet once."""
    clean, noise = np.divmod(np.arange(clips * noises), noises)
    return clean, noise


def held(means: Floats, half: Floats) -> float:
    """Return the share of intervals that hold the truth, which is zero."""
    return float((np.abs(means) <= half).mean())


def coverage(values: Floats, recordings: Recordings) -> float:
    found = estimate(values, crossed(*recordings))
    return held(found.mean, found.half_width)


def percentiles(values: Floats, weights: Floats) -> float:
    """Return the coverage of a bootstrap's percentiles, with the replicates' weights in rows."""
    weights = weights[weights.sum(axis=1) > 0]
    means = weights @ values / weights.sum(axis=1, keepdims=True)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return float(((low <= 0) & (high >= 0)).mean())


def drawn(rng: np.random.Generator, size: int, replicates: int) -> Floats:
    return rng.multinomial(size, np.full(size, 1 / size), size=replicates).astype(float)


def naive(values: Floats, replicates: int = 300) -> float:
    """Redraw mixtures, as if they were independent."""
    return percentiles(values, drawn(np.random.default_rng(1), len(values), replicates))


def pigeonhole(values: Floats, recordings: Recordings, replicates: int = 300) -> float:
    """Redraw clean and noise recordings, each alone (Owen 2007)."""
    rng = np.random.default_rng(2)
    weights = np.ones((replicates, len(values)))
    for codes in recordings:
        weights *= drawn(rng, codes.max() + 1, replicates)[:, codes]
    return percentiles(values, weights)


def allowed(rounds: int, low: float = 0.93, high: float = 0.97) -> tuple[float, float]:
    """Widen 95 % ± 2 points by three standard errors of a share of so many rounds."""
    return (
        low - 3 * np.sqrt(low * (1 - low) / rounds),
        high + 3 * np.sqrt(high * (1 - high) / rounds),
    )


@pytest.mark.parametrize("design", ["9 × 4", "its class of 3 noises", "a build of 19 × 17"])
@pytest.mark.parametrize("effect", ["both", "mostly noises"])
def test_intervals_cover_at_their_rate_and_a_naive_bootstrap_does_not(
    simulate, designs, effects, design: str, effect: str
) -> None:
    """95 % ± 2 points, where clips and noises have effects; redrawing mixtures misses by far."""
    rounds = 2000
    values = simulate(designs[design], effects[effect], rounds)

    low, high = allowed(rounds)

    assert low <= coverage(values, designs[design]) <= high
    assert naive(values) < low


def test_two_noise_recordings_cover_at_least_at_their_rate(simulate, designs, effects) -> None:
    """9 × 2: the interval errs on the wide side; the percentiles of both bootstraps are too narrow.

    One difference of two noises tells their spread badly, so what is promised is 93 % or more.
    """
    rounds, recordings = 4000, designs["9 × 2"]
    for effect in ("both", "mostly clips", "mostly noises"):
        values = simulate(recordings, effects[effect], rounds)

        low, _ = allowed(rounds)
        assert low <= coverage(values, recordings)
        assert naive(values) < low
        assert pigeonhole(values, recordings) < low


@pytest.mark.stress
def test_intervals_cover_in_every_design(simulate, designs, effects, capsys) -> None:
    """Every design with every kind of effects; the figures are printed, the naive ones fail."""
    rounds = 10_000
    low, high = allowed(rounds)
    lines = [f"{'coverage in %':42}{'effects':22}{'ours':>6}{'pigeonhole':>12}{'naive':>7}"]
    wrong = []
    for design, recordings in designs.items():
        for effect, sizes in effects.items():
            values = simulate(recordings, sizes, rounds, seed=len(lines))
            ours = coverage(values, recordings)
            others = pigeonhole(values[:, :2000], recordings), naive(values[:, :2000])
            shares = (f"{100 * share:.1f}" for share in (ours, *others))
            lines.append("{:42}{:22}{:>6}{:>12}{:>7}".format(design, effect, *shares))
            # Where recordings decide little, or there are few of a kind, it may be wide.
            few = bool({"2", "3", "4"} & set(design.split()))
            wide = few or effect in ("half of everything", "no recordings")
            if not low - 0.005 * wide <= ours <= (1.0 if wide else high):
                wrong.append(lines[-1])
            if effect != "no recordings" and others[1] >= low:
                wrong.append(f"naive: {lines[-1]}")
    with capsys.disabled():
        print("", *lines, sep="\n")

    assert not wrong


@pytest.mark.parametrize("cells", [1, 5])
def test_the_variance_is_unbiased_and_its_freedom_follows_from_its_variance(
    simulate, cells: int
) -> None:
    """Over redrawn effects the estimated variance has the mean and the variance that it claims.

    That holds when every cell of the design has its own mean too, which is taken off.
    """
    rng = np.random.default_rng(3)
    recordings = rng.integers(0, 7, 60), rng.integers(0, 6, 60)  # pairs meet unevenly often
    sizes = (1.3, 0.9, 0.5, 0.0)
    values = simulate(recordings, sizes, 40_000)
    cell = rng.integers(0, cells, 60)
    crossing = crossed(*recordings, cells=[cell])
    assert isinstance(crossing, Crossing)

    error, _ = crossing.errors(values + 10.0 * cell[:, np.newaxis])
    variances = np.square(sizes[:3])
    expected = crossing.shares @ variances

    # 40 000 rounds tell a mean of about 8 degrees of freedom to 0.25 %, its variance to 1.5 %;
    # four times that. The floor lifts few estimates, and by little.
    assert float((error**2).mean()) == pytest.approx(values.mean(axis=0).var(), rel=0.03)
    assert float((error**2).mean()) == pytest.approx(expected, rel=0.01)
    claimed = 2 * variances @ crossing._moments @ variances
    assert float((error**2).var()) == pytest.approx(claimed, rel=0.06)


def test_when_all_meet_once_it_is_the_analysis_of_variance(simulate, designs) -> None:
    """Mean squares of clips and noises less that of the rest, as every textbook has it."""
    values = simulate(designs["9 × 4"], (1.0, 1.0, 0.3, 0.0), 5)
    table = values.reshape(9, 4, -1)
    whole, by_clip, by_noise = table.mean(axis=(0, 1)), table.mean(axis=1), table.mean(axis=0)
    clips = 4 * ((by_clip - whole) ** 2).sum(axis=0) / 8
    noises = 9 * ((by_noise - whole) ** 2).sum(axis=0) / 3
    rest = table - by_clip[:, np.newaxis] - by_noise + whole
    left = (rest**2).sum(axis=(0, 1)) / 24

    found = estimate(values, crossed(*designs["9 × 4"]))

    variance = (clips + noises - left) / 36
    freedom = variance**2 / ((clips / 36) ** 2 / 8 + (noises / 36) ** 2 / 3 + (left / 36) ** 2 / 24)
    assert (clips > left).all()
    assert (noises > left).all()
    # Sums of 36 numbers in another order.
    assert found.error.tolist() == pytest.approx(np.sqrt(variance).tolist(), rel=1e-10)
    bounded = np.minimum(freedom, 4.5)  # half as many again as the smaller axis' own
    assert found.freedom.tolist() == pytest.approx(bounded.tolist(), rel=1e-10)


@pytest.mark.parametrize(("clips", "noises"), [(1, 5), (5, 1), (0, 0)])
def test_chance_cannot_be_told_under_two_clusters(clips: int, noises: int) -> None:
    """One clean or one noise recording gives no interval, however many mixtures there are."""
    clean, noise = np.repeat(np.arange(clips), noises), np.tile(np.arange(noises), clips)

    assert crossed(clean, noise) is None
    found = estimate(np.ones((3, 2)), None)
    assert found.mean.tolist() == [1.0, 1.0]
    assert np.isnan(found.half_width).all()


@pytest.mark.parametrize(
    "recordings",
    [
        ([0, 1, 2], [0, 1, 2]),
        ([0, 1, 2, 3], [0, 0, 1, 1]),
        ([0, 0, 1, 1], [0, 1, 2, 3]),
        ([0, 0, 1], [0, 1, 0]),
    ],
    ids=["each clip has its noise", "clips within noises", "noises within clips", "one is missing"],
)
def test_recordings_that_cannot_be_told_apart_still_have_an_interval(recordings) -> None:
    """Where a clip always comes with one noise, the spread of both is the spread there is."""
    crossing = crossed(*map(np.array, recordings))
    values = np.random.default_rng(0).normal(size=(len(recordings[0]), 50))

    found = estimate(values, crossing)

    assert (found.error > 0).all()
    assert (found.freedom >= 1).all()


def test_a_constant_has_no_spread(designs) -> None:
    """Mixtures of one value have an interval of no width, whatever they share."""
    found = estimate(np.full((18, 1), 7.25), crossed(*designs["9 × 2"]))

    assert (found.mean.item(), found.half_width.item()) == (7.25, 0.0)


def test_names_and_order_of_recordings_do_not_matter(simulate, designs) -> None:
    """Shuffled mixtures with other names have the same interval."""
    clean, noise = designs["a build of 19 × 17"]
    values = simulate((clean, noise), (1.0, 1.0, 0.3, 0.3), 3)
    order = np.random.default_rng(0).permutation(len(values))
    names = np.array([f"c{number * 7 % 19:02d}" for number in clean])

    found = estimate(values, crossed(clean, noise))
    shuffled = estimate(values[order], crossed(names[order], noise[order]))

    # Sums of 270 numbers in another order.
    assert shuffled.half_width.tolist() == pytest.approx(found.half_width.tolist(), rel=1e-9)


@pytest.mark.parametrize("sizes", [(4,) * 8, (4,) * 20, (1, 2, 3, 4, 5, 6, 7, 8) * 2])
def test_intervals_of_one_kind_of_recordings_cover_at_their_rate(simulate, sizes) -> None:
    """Mixtures share songs and nothing else; those of independent mixtures are far too narrow."""
    songs = np.repeat(np.arange(len(sizes)), sizes)
    nothing = np.zeros_like(songs)
    values = simulate((songs, nothing), (1.0, 0.0, 0.0, 0.5), rounds=4000)

    clustered, alone = (
        estimate(values, crossed(labels, None)) for labels in (songs, np.arange(len(songs)))
    )

    low, high = allowed(4000)
    assert low <= held(clustered.mean, clustered.half_width) <= high
    assert held(alone.mean, alone.half_width) < 0.85


@pytest.mark.parametrize("sizes", [(4,) * 8, (1, 2, 3, 4, 5, 6, 7, 8) * 2])
def test_songs_of_several_cells_have_an_unbiased_variance(simulate, sizes) -> None:
    """What cells add to the values is taken off, songs that share some count for less."""
    songs = np.repeat(np.arange(len(sizes)), sizes)
    cell = np.arange(len(songs)) % 3
    values = simulate((songs, np.zeros_like(songs)), (1.0, 0.0, 0.0, 0.0), rounds=20_000)
    clustering = crossed(songs, None, cells=[cell])
    assert isinstance(clustering, Clustering)

    error, freedom = clustering.errors(values + 10.0 * cell[:, np.newaxis])

    # 20 000 rounds tell a mean of 7 degrees of freedom to 0.4 %; four times that.
    truth = np.square(sizes).sum() / len(songs) ** 2
    assert float((error**2).mean()) == pytest.approx(truth, rel=0.015)
    assert set(freedom.tolist()) == {len(sizes) - 1.0}


def test_recordings_that_only_one_cell_has_are_compared_within_it() -> None:
    """Of 17 noises in 5 classes 12 are left to compare; clips of all classes lose one."""
    clip, noise = met(19, 17)
    noise_class = np.array([0] * 4 + [1] * 3 + [2] * 3 + [3] * 3 + [4] * 4)[noise]

    crossing = crossed(clip, noise, cells=[noise_class])

    assert isinstance(crossing, Crossing)
    assert crossing.left == (18, 12)


def test_where_cells_leave_nothing_to_compare_a_coarser_division_counts() -> None:
    """One noise per class: by SNR alone. One SNR per noise: none is taken off."""
    clip, noise = met(6, 4)
    snr_db = np.arange(24) // 2 % 3

    by_snr = crossed(clip, noise, cells=[noise * 10 + snr_db, snr_db])
    by_none = crossed(clip, noise, cells=[noise * 10 + snr_db, noise])

    assert isinstance(by_snr, Crossing)
    assert isinstance(by_none, Crossing)
    assert by_snr.cell.tolist() == snr_db.tolist()
    assert set(by_none.cell.tolist()) == {0}
    assert by_none.left == (5, 3)


def test_one_cluster_of_one_kind_leaves_chance_untold() -> None:
    """As with two kinds."""
    assert crossed(np.array([*"aaa"]), None) is None


@pytest.mark.parametrize("songs", [2, 3, 7])
def test_two_kinds_that_are_the_same_recordings_count_once(simulate, songs: int) -> None:
    """As where voice and accompaniment are of one song: one error, G − 1 degrees of freedom."""
    song, ratio = np.divmod(np.arange(3 * songs), 3)
    values = simulate((song, np.zeros_like(song)), (1.0, 0.0, 0.0, 0.5), 50)

    twice = estimate(values, crossed(song, song, cells=[ratio]))
    once = estimate(values, crossed(song, None, cells=[ratio]))

    assert set(once.freedom.tolist()) == {songs - 1.0}
    # Roots of sums of 21 squares, by another way.
    assert twice.error.tolist() == pytest.approx(once.error.tolist(), rel=1e-9)
    assert twice.freedom.tolist() == pytest.approx(once.freedom.tolist(), rel=1e-9)


def test_the_same_songs_twice_cover_at_their_rate_where_some_come_oftener(simulate) -> None:
    """Seven songs with one mixture to seven: no narrower than 95 % asks for."""
    song = np.repeat(np.arange(7), (1, 3, 5, 7, 1, 3, 5))
    values = simulate((song, np.zeros_like(song)), (1.0, 0.0, 0.0, 0.5), 4000)

    low, _ = allowed(4000)
    assert coverage(values, (song, song)) >= low


def test_how_many_songs_an_interval_takes_and_a_rank() -> None:
    """One song none; two an interval of one degree of freedom; ranks three, and twelve mixtures."""
    for songs, ratios, ranked in ((2, 6, False), (3, 3, False), (3, 4, True), (4, 3, True)):
        song, ratio = np.divmod(np.arange(songs * ratios), ratios)
        crossing = crossed(song, song, cells=[ratio])

        assert isinstance(crossing, Crossing)
        assert crossing.left == (songs - 1, songs - 1)
        assert crossing.resolved == ranked
    alone = np.zeros(6, dtype=np.intp)
    assert crossed(alone, alone, cells=[np.arange(6)]) is None
