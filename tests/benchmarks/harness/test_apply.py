"""The harness undoes what a denoiser declares, and blames it for the rest."""

import numpy as np
import pytest

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from benchmarks.harness.checks import DenoiserFailed
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.seeds import generator


class Fake:
    """A denoiser made of a function; it remembers what it was handed."""

    def __init__(self, function=lambda batch: batch, **fields):
        self.spec = DenoiserSpec(name="fake", **fields)
        self.function, self.calls, self.loads = function, [], []

    def load(self, device, checkpoint):
        self.loads.append((device, checkpoint))

    def __call__(self, batch, sampling_rate, *, side=None):
        self.calls.append((batch.shape, sampling_rate, side))
        return self.function(batch)


def music(*, batch=1, channels=1, num_samples=20_000, sampling_rate=44_100):
    """Noise below 5 kHz that fades in and out: any rate from 16 kHz on can carry it."""
    size = batch * channels * num_samples
    draws = generator(0, "test", "music").normals(size).reshape(batch, channels, num_samples)
    spectrum = np.fft.rfft(draws)
    spectrum[..., np.fft.rfftfreq(num_samples, 1 / sampling_rate) > 5000] = 0
    fade = np.sin(np.pi * np.arange(num_samples) / num_samples) ** 2
    return (0.3 * fade * np.fft.irfft(spectrum, num_samples)).astype(np.float32)


def delayed(samples):
    """A denoiser's delay: circular, as everything it was handed ends in silence."""

    def function(batch):
        ramp = np.exp(-2j * np.pi * np.fft.rfftfreq(batch.shape[-1]) * samples)
        return np.fft.irfft(np.fft.rfft(batch) * ramp, batch.shape[-1]).astype(np.float32)

    return function


@pytest.mark.parametrize("samples", [1, 441, 0.5, 352.8])
def test_a_declared_latency_is_removed(samples):
    """Estimates lie on time zero, and the end is not cut off."""
    mixture = music()
    denoiser = AppliedDenoiser(Fake(delayed(samples), latency=float(samples)))

    # Two float32 transforms of a signal below 1.
    np.testing.assert_allclose(denoiser(mixture, 44_100), mixture, atol=2e-6)


def test_latency_counts_at_the_native_rate():
    """96.25 samples at 16 kHz are 265.3 at 44.1 kHz, and are removed before resampling."""
    mixture = music()
    fake = Fake(delayed(96.25), latency=96.25, sampling_rate=16_000)

    estimate = AppliedDenoiser(fake)(mixture, 44_100)

    # soxr VHQ twice, measured at 2e-6; an error of a tenth of a sample would be 5e-2.
    np.testing.assert_allclose(estimate, mixture, atol=1e-5)


@pytest.mark.parametrize("native_rate", [16_000, 22_050, 48_000])
@pytest.mark.parametrize("num_samples", [20_000, 20_001])
def test_a_native_rate_is_served_and_undone(native_rate, num_samples):
    """The denoiser sees its rate, the caller gets the length and time of the mixture."""
    mixture = music(batch=2, channels=2, num_samples=num_samples)
    fake = Fake(sampling_rate=native_rate)

    estimate = AppliedDenoiser(fake)(mixture, 44_100)

    length = -(-num_samples * native_rate // 44_100)
    assert fake.calls == [((2, 2, length), native_rate, None)]
    np.testing.assert_allclose(estimate, mixture, atol=1e-5)  # soxr VHQ twice


def test_a_mono_denoiser_gets_every_channel_as_an_item():
    """Stereo is split and put together again in order."""
    mixture = music(batch=3, channels=2, num_samples=500)
    fake = Fake(lambda batch: batch * np.float32([1, 2, 3, 4, 5, 6])[:, None, None], channels=1)

    estimate = AppliedDenoiser(fake)(mixture, 44_100)

    assert fake.calls[0][0] == (6, 1, 500)
    factors = np.float32([[1, 2], [3, 4], [5, 6]])[..., None]
    np.testing.assert_array_equal(estimate, mixture * factors)


def test_short_clips_are_padded_to_the_declared_minimum():
    """The denoiser never sees less than it can take, the caller never gets more."""
    fake = Fake(min_samples=4096)
    mixture = music(num_samples=7)

    np.testing.assert_array_equal(AppliedDenoiser(fake)(mixture, 44_100), mixture)
    assert fake.calls[0][0] == (1, 1, 4096)


def test_exactly_the_declared_side_information_is_handed_over():
    """At the native rate and with the mixture's channels and length."""
    mixture = music(channels=2, num_samples=4410)
    fake = Fake(needs=frozenset({"clean"}), sampling_rate=16_000, channels=1)

    AppliedDenoiser(fake)(mixture, 44_100, side={"clean": mixture, "noise": mixture})

    shape, _, side = fake.calls[0]
    assert side.keys() == {"clean"}
    assert side["clean"].shape == shape == (2, 1, 1600)


def test_a_noise_profile_keeps_its_own_length():
    """It is a piece of noise, not a layer of the mixture: nothing is appended to it."""
    fake = Fake(needs=frozenset({"noise_profile"}), latency=5.0)

    AppliedDenoiser(fake)(
        music(num_samples=100), 44_100, side={"noise_profile": music(num_samples=40)}
    )

    shape, _, side = fake.calls[0]
    assert (shape[-1], side["noise_profile"].shape[-1]) == (105, 40)


def test_a_denoiser_cannot_write_into_the_callers_mixture():
    """It works on a copy, of the side information too."""
    mixture = music(num_samples=100)
    before = mixture.copy()

    def scribble(batch):
        batch *= 0
        return batch

    estimate = AppliedDenoiser(Fake(scribble))(mixture, 44_100)

    np.testing.assert_array_equal(mixture, before)
    assert not estimate.any()


def test_an_estimate_is_not_overwritten_by_the_next():
    """A denoiser may reuse its buffer; the caller keeps what it got."""
    buffer = np.zeros((1, 1, 3), np.float32)

    def into_buffer(batch):
        buffer[:] = batch
        return buffer

    denoiser = AppliedDenoiser(Fake(into_buffer))
    first = denoiser(np.ones((1, 1, 3), np.float32), 44_100)
    denoiser(np.zeros((1, 1, 3), np.float32), 44_100)

    assert first.all()


def test_a_front_end_goes_first_and_hears_the_whole():
    """Pieces and native rate are the second one's; side information stays as it was."""
    front = Fake(lambda batch: 0.5 * batch)
    second = Fake(sampling_rate=22_050, chunk=4_000, overlap=400, needs=frozenset({"mixture"}))
    clip = music()
    one = AppliedDenoiser(second, front_end=AppliedDenoiser(front))
    plain = AppliedDenoiser(Fake(sampling_rate=22_050, chunk=4_000, overlap=400))

    found = one(clip, 44_100, side={"mixture": clip})

    np.testing.assert_array_equal(found, plain(0.5 * clip, 44_100))
    assert [shape for shape, _, _ in front.calls] == [clip.shape]
    assert len(second.calls) > 1


def test_a_front_end_goes_first_in_a_stream_too():
    """Block by block, and as long as what came in."""
    front = AppliedDenoiser(Fake(lambda batch: 0.5 * batch))
    one = AppliedDenoiser(Fake(chunk=4_000, overlap=400), front_end=front)
    clip = music()
    blocks = [clip[0, :, :7_000], clip[0, :, 7_000:]]

    found = np.concatenate(list(one.stream(blocks, 44_100, channels=1)), axis=-1)

    np.testing.assert_allclose(found, 0.5 * clip[0], atol=1e-6)


def test_what_ships_takes_hum_out_first():
    """The front end of a spec is found by its name."""
    found = load_denoiser("musicecan_small")

    assert found.front_end is not None
    assert found.front_end.name == "hum_notch"
    assert load_denoiser("wiener").front_end is None


def test_a_gain_is_left_as_it_is():
    """Level is the denoiser's own business and shows in the scores."""
    mixture = music(num_samples=100)

    np.testing.assert_array_equal(
        AppliedDenoiser(Fake(lambda batch: 0.5 * batch))(mixture, 44_100), 0.5 * mixture
    )


def test_loading_happens_once_and_on_first_use():
    """Constructing costs nothing; the device is handed over."""
    fake = Fake()
    denoiser = AppliedDenoiser(fake, device="cpu")
    assert fake.loads == []

    denoiser(music(num_samples=9), 44_100)
    denoiser(music(num_samples=9), 44_100)

    assert fake.loads == [("cpu", None)]


def fail(error):
    def function(batch):
        raise error

    return function


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (fail(RuntimeError("boom")), "raised RuntimeError: boom"),
        (fail(SystemExit(1)), "exited with 1"),
        (lambda batch: batch[..., :-1], "returned shape"),
        (lambda batch: batch * np.float32("nan"), "returned NaN"),
        (lambda batch: None, "returned NoneType"),
    ],
)
def test_every_failure_is_the_denoisers_by_name(function, reason):
    """Raising, exiting, wrong length, NaN and nothing at all."""
    with pytest.raises(DenoiserFailed, match=f"denoiser 'fake' {reason}"):
        AppliedDenoiser(Fake(function))(music(num_samples=50), 44_100)


def test_a_failing_load_is_the_denoisers_too():
    """Weights that cannot be read are told like a failing call."""
    fake = Fake()
    fake.load = lambda device, checkpoint: 1 / 0

    with pytest.raises(DenoiserFailed, match="raised ZeroDivisionError"):
        AppliedDenoiser(fake)(music(num_samples=50), 44_100)


def test_a_bad_mixture_is_the_callers():
    """The denoiser is not even called."""
    fake = Fake()

    with pytest.raises(InputError, match="NaN or infinity"):
        AppliedDenoiser(fake)(np.full((1, 1, 3), np.nan, np.float32), 44_100)
    assert fake.calls == []


def test_an_unknown_name_gets_the_nearest():
    """A typing error is answered with a suggestion."""
    with pytest.raises(UnknownName, match="did you mean 'wiener'"):
        load_denoiser("weiner")


OWN = """
from benchmarks import DenoiserSpec

class Half:
    spec = DenoiserSpec(name="half", task="denoise", sampling_rate=None)
    def __call__(self, batch, sampling_rate, *, side=None): return 0.5 * batch
"""


def test_a_persons_own_class_is_a_denoiser(tmp_path):
    """Seven lines of a file beside the user's work are enough."""
    path = tmp_path / "my_denoiser.py"
    path.write_text(OWN, encoding="utf-8")
    mixture = music(num_samples=50)

    half = load_denoiser(f"{path}:Half")

    np.testing.assert_array_equal(half(mixture, 44_100), 0.5 * mixture)
    assert half.name == half.spec.name == "half"
    assert len(half.revision) == len("1+") + 12


@pytest.mark.parametrize("sampling_rate", [22_050, 32_000, 48_000, 96_000])
def test_a_recording_that_begins_and_ends_at_full_level_keeps_its_ends(sampling_rate):
    """Resampled to the native rate and back, called or streamed, with nothing done between."""
    time_s = np.arange(2 * sampling_rate) / sampling_rate
    tones = ((220, 1.0), (440, 2.0), (1000, 0.3), (3000, 1.2))
    sound = sum(0.2 * np.sin(2 * np.pi * hz * time_s + phase) for hz, phase in tones)
    mixture = sound.astype(np.float32)[np.newaxis]
    denoiser = AppliedDenoiser(Fake(sampling_rate=44_100, chunk=44_100, overlap=4_410))
    blocks = np.array_split(mixture, 7, axis=-1)

    called = denoiser(mixture[np.newaxis], sampling_rate)[0]
    streamed = np.concatenate(list(denoiser.stream(blocks, sampling_rate, channels=1)), axis=-1)

    np.testing.assert_array_equal(streamed, called)
    error = np.square(called - mixture, dtype=float).sum() / np.square(mixture, dtype=float).sum()
    # Mirrored tones bend at the end: 75 dB and more; beside silence they break: 57 to 64 dB.
    assert error < 10**-7.2
