"""TensorBoard gets curves, pictures and sound, and nothing twice after a stop."""

import time

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")
events = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator",
    reason="needs: pip install 'mn-dataset[train]'",
)

from benchmarks.training.history import StepRecord  # noqa: E402 - once torch is there
from benchmarks.training.monitor import Monitor, spectrogram  # noqa: E402


def record(step, **fields):
    return StepRecord(
        step, 0, loss=0.5 * step, learning_rate=0.1, grad_norm=1.0, skipped=0, seconds=1.0, **fields
    )


def shown(folder):
    accumulator = events.EventAccumulator(
        str(folder), size_guidance={events.AUDIO: 0, events.IMAGES: 0}
    )
    return accumulator.Reload()


def test_curves_pictures_and_sound_are_there(tmp_path):
    """By name and step."""
    monitor = Monitor(tmp_path, sampling_rate=44_100, step=0)
    monitor.add_step(record(1))
    monitor.add_validation(record(2, si_sdr_db=7.0, gain_db=1.5))
    monitor.add_audio("mixture_0/noisy", torch.linspace(-2, 2, 5000).numpy(), step=0)
    monitor.close()

    accumulator = shown(tmp_path)
    assert [event.value for event in accumulator.Scalars("validation/gain_db")] == [1.5]
    assert [event.value for event in accumulator.Scalars("train/loss")] == [0.5]
    assert accumulator.Images("mixture_0/noisy/spectrogram")[0].step == 0
    assert accumulator.Audio("mixture_0/noisy/audio")[0].sample_rate == 44_100


def test_what_comes_again_after_a_stop_is_shown_once(tmp_path):
    """Points after the step that it goes on from are taken back."""
    for begin, steps in ((0, (1, 2, 3)), (1, (2, 3, 4))):
        monitor = Monitor(tmp_path, sampling_rate=44_100, step=begin)
        for step in steps:
            monitor.add_step(record(step))
        monitor.close()
        time.sleep(1.0)  # files are read in the order of the seconds in their names

    assert [event.step for event in shown(tmp_path).Scalars("train/loss")] == [1, 2, 3, 4]


def test_a_picture_shows_where_the_sound_is():
    """High notes are above low ones; full scale is brighter than its thousandth."""
    time_s = torch.arange(44_100) / 44_100
    low, high = (torch.sin(2 * np.pi * hz * time_s) for hz in (440, 8000))

    pictures = [spectrogram(wave.numpy(), 44_100).sum(axis=(1, 2)) for wave in (low, high)]

    rows = [int(picture.argmax()) for picture in pictures]
    assert rows[1] < rows[0]
    loud = low.numpy()
    faint = 0.001 * loud
    assert spectrogram(faint, 44_100).max() < spectrogram(loud, 44_100).max()
