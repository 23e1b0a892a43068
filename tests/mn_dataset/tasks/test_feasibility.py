from __future__ import annotations

import numpy as np
import pytest

from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.errors import RecipeError
from mn_dataset.mix.draw import draw


def test_what_cannot_be_drawn_names_cell_and_reason(tiny):
    """400 dB would need noise far below one LSB."""
    with pytest.raises(RecipeError, match=r"test: piano × electrical × 400 dB: .*LSB RMS"):
        draw(tiny, split="test", snr_db=(400,))


def test_a_recording_too_quiet_is_passed_over(damaged):
    """The cell is still full; a class of nothing else is an error that names the reason."""
    root = damaged()
    for number in (1, 0):
        path = root / f"noise/crowd_test_{number}.wav"
        quiet = (np.arange(100_000) % 41 - 20).astype(np.int16)  # 12 LSB RMS: −69 dBFS
        io.write_wav(path, quiet, sampling_rate=44_100)
        if number:
            recipes = draw(open_corpus(root), split="test", snr_db=(0,), per_cell=3)
            crowd = [r for r in recipes if r.noise_class == "crowd"]
            assert len(crowd) == 9
            assert {r.layer("noise").source_id for r in crowd} == {"noise/crowd_test_0"}
    with pytest.raises(RecipeError, match=r"crowd × 0 dB: .*dBFS RMS, under −60"):
        draw(open_corpus(root), split="test", snr_db=(0,))
