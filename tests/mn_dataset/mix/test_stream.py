from __future__ import annotations

import numpy as np
import pytest

import mn_dataset as mn
from mn_dataset.audio.io import read_pcm
from mn_dataset.mix.draw import draw
from mn_dataset.mix.write import render

torch = pytest.importorskip("torch", reason="torch is not installed (the extra `torch`)")


@pytest.mark.parametrize("workers", [0, 2])
def test_the_stream_gives_the_samples_of_the_files(tiny, tmp_path, workers):
    """On the fly or rendered, in one process or several: the same 16-bit samples."""
    recipes = draw(tiny, split="train", snr_db=(0,), count=6)
    dataset = render(recipes, tiny, tmp_path / "dataset")
    loader = torch.utils.data.DataLoader(
        mn.MixtureDataset(tiny, recipes), batch_size=3, num_workers=workers
    )
    items = [
        (name, batch["noisy"][k], batch) for batch in loader for k, name in enumerate(batch["id"])
    ]

    assert [name for name, _, _ in items] == [recipe.id for recipe in recipes]
    for name, noisy, _ in items:
        expected = read_pcm(dataset / f"audio/{name}.noisy.wav", sampling_rate=44_100)
        assert noisy.dtype == torch.float32
        assert noisy.shape == (1, len(expected))
        assert np.array_equal((noisy[0].numpy() * 32_768).astype(np.int16), expected)


def test_an_item_names_its_cell(tiny):
    """SNR, category and class travel with the audio."""
    recipes = draw(tiny, split="train", snr_db=(7,), count=1)
    item = mn.MixtureDataset(tiny, recipes)[0]

    assert item["snr_db"] == 7
    assert item["music_category"] == recipes[0].music_category
    assert torch.equal(item["noisy"] - item["clean"], item["noise"])
