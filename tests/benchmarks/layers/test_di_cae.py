"""The auto-encoders have the published numbers, and say of a frame what all its images say."""

import pytest
import torch

from benchmarks.layers.di_cae import as_images, mean_of_images
from benchmarks.models.di_cae import DiCae

TINY = {"microphones": 3, "widths": [2, 3], "bottleneck": 4, "window": 32, "hop": 8}
BINS = 17


def magnitudes(microphones, frames, *, batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, microphones, frames, BINS, generator=generator)


@pytest.mark.parametrize(("frames", "expected"), [(9, 39_548_457), (3, 39_540_137)])
def test_a_microphone_has_as_many_numbers_as_published(frames, expected):
    """With kernels of 2 x 2, and of 2 x 1 over groups of one frame; moving statistics included."""
    with torch.device("meta"):
        network = DiCae().build(microphones=2, frames=frames)

    learned = sum(weight.numel() for weight in network.parameters())
    moving = [value.numel() for name, value in network.named_buffers() if "running" in name]
    assert learned + sum(moving) == 2 * expected


def test_an_image_is_three_groups_of_three_frames():
    """Stacked along frequency, the frames of a group beside each other."""
    frames = torch.arange(10.0)[None, :, None] + torch.tensor([0.0, 0.5])

    images = as_images(frames, 9)

    assert images.shape == (1, 2, 1, 3, 6)
    assert images[0, 1, 0].tolist() == [
        [1, 1.5, 4, 4.5, 7, 7.5],
        [2, 2.5, 5, 5.5, 8, 8.5],
        [3, 3.5, 6, 6.5, 9, 9.5],
    ]


@pytest.mark.parametrize("frames", [3, 9])
def test_images_of_what_is_there_give_it_back(frames):
    given = magnitudes(1, 20)[:, 0]

    torch.testing.assert_close(mean_of_images(as_images(given, frames), frames), given)


def test_a_frame_is_the_mean_of_what_its_images_say():
    """The first has one image, the third has three."""
    said = torch.tensor([1.0, 2.0, 6.0])
    images = said[None, :, None, None, None].expand(1, 3, 1, 1, 3 * BINS)

    frames = mean_of_images(images, 3)

    assert frames[0, :, 0].tolist() == [1, 1.5, 3, 4, 6]


@pytest.mark.parametrize("output", ["mask", "magnitude"])
@pytest.mark.parametrize("frames", [3, 9])
@pytest.mark.parametrize("count", [1, 8, 9, 21])
def test_any_number_of_frames_is_kept_and_none_is_negative(output, frames, count):
    network = DiCae().build(**TINY, frames=frames, output=output).eval()
    for slot in network.slots:
        torch.nn.init.constant_(slot.norms[3].bias, 0.1)
        torch.nn.init.constant_(slot.norms[3].running_mean, 0.11)  # silence comes to less than 0

    answer = network(magnitudes(3, count))

    assert answer.shape == (2, 3, count, BINS)
    assert (answer >= 0).all()
    assert answer.any()


def test_a_mask_takes_away_and_adds_nothing():
    """Untrained ones hardly take any."""
    given = magnitudes(3, 20)

    answer = DiCae().build(**TINY).eval()(given)

    assert (answer <= given).all()
    assert answer.sum() > 0.7 * given.sum()


def test_a_microphone_is_heard_by_its_own_network_alone():
    network = DiCae().build(**TINY).eval()
    given = magnitudes(3, 12)
    changed = given.clone()
    changed[:, 1] *= 2

    differs = (network(given) != network(changed)).flatten(2).any(dim=2)

    assert differs.tolist() == [[False, True, False]] * 2
