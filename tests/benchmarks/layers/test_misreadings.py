"""Every wrong reading of the reference that was thought of would be noticed."""

import types

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from benchmarks.layers import attention, convolution, padding, unet
from benchmarks.layers.bordered import Bordered, convolved
from benchmarks.models import musicecan

TOLERANCE = 1e-4  # what parity is asserted to, in float32


def network_of(reference, prefix="alt/"):
    arrays = reference.weights(prefix)
    return musicecan.from_tensorflow({**arrays, "freq_emb": reference[f"{prefix}freq_emb"]})


def error_of(reference, network, prefix="alt/"):
    """Return the largest error of the two stages; infinite if nothing of the shape came out."""
    with torch.inference_mode():
        answers = network(reference.tensor(f"{prefix}in/0"))
    expected = [reference.twin(f"{prefix}out_{stage}/0") for stage in ("s2", "s1")]
    if any(found.shape != wanted.shape for found, wanted in zip(answers, expected, strict=True)):
        return np.inf
    pairs = zip(answers, expected, strict=True)
    return max(float((found - wanted).abs().max()) for found, wanted in pairs)


def layers(network, kind):
    return [layer for layer in network.modules() if isinstance(layer, kind)]


def pad_like(mode, only=None):
    """Pad another way; only where so many bins are wanted, if that is said."""
    right = padding.symmetric

    def wrong(features, *, frames, bins, spare=0):
        if only is not None and bins != only:
            return right(features, frames=frames, bins=bins, spare=spare)
        return functional.pad(features, (bins[0], bins[1] + spare, *frames), mode=mode)

    return lambda patch, _: patch.setattr(padding, "symmetric", wrong)


def down_pads_one_before(patch, _):
    right = padding.margins
    patch.setattr(padding, "margins", lambda kernel: (1, 2) if kernel == 4 else right(kernel))


def code(table):
    """Use another frequency code, of bins and number of cosine."""

    def plant(_, network):
        bins, number = np.ogrid[: len(network.code), : network.code.shape[1]]
        network.code.copy_(torch.from_numpy(np.cos(np.pi * table(bins, number, len(bins) - 1))))

    return plant


def attention_with(change):
    def plant(_, network):
        with torch.no_grad():
            change(network.stage_1.attention)

    return plant


def without_attention(_, network):
    network.stage_1.attention = nn.Identity()


def attention_twice(_, network):
    network.stage_2.attention = network.stage_1.attention


def circular_attention(patch, _):
    right = functional.conv1d

    def wrong(means, weight, bias, padding):
        return right(functional.pad(means, (padding, padding), mode="circular"), weight, bias)

    patch.setattr(attention.functional, "conv1d", wrong)


def sam_without_features(patch, _):
    def wrong(self, features, spectrum):
        estimate = self.residual(features) + spectrum
        return self.features(features) * self.mask(estimate).sigmoid(), estimate

    patch.setattr(attention.SupervisedAttention, "forward", wrong)


def sam_masks_by_the_residual(patch, _):
    def wrong(self, features, spectrum):
        residual = self.residual(features)
        mask = self.mask(residual).sigmoid()
        return self.features(features) * mask + features, residual + spectrum

    patch.setattr(attention.SupervisedAttention, "forward", wrong)


def oldest_first(patch, _):
    def wrong(self, given, begin, end):
        *inner, last = self
        seen, whole = list(given), given[0].whole
        for margin, conv in zip(range(len(inner), 0, -1), inner, strict=True):
            first, past = max(0, begin - margin), min(whole, end + margin)
            seen.append(Bordered.activated(convolved(conv, seen, first, past), first, whole))
        return functional.elu(convolved(last, seen, begin, end))

    patch.setattr(unet.Dense, "inferred", wrong)


def elu_after_the_dense_sum(patch, _):
    right = unet.ResidualDense.forward
    patch.setattr(
        unet.ResidualDense,
        "forward",
        lambda self, *features: functional.elu(right(self, *features)),
    )


def projection_without_elu(_, network):
    for level in layers(network, unet.DecoderLevel):
        level.project.elu = False


def decoder_with(joined):
    """Use another middle of a decoder level."""

    def plant(patch, _):
        def wrong(self, features, skip):
            return self.block(joined(self, features, skip))

        patch.setattr(unet.DecoderLevel, "forward", wrong)

    return plant


def doubled(level, features, skip):
    twice = functional.interpolate(level.project(features), scale_factor=2.0, mode="nearest")
    return (level.up(features) + twice)[..., : skip.shape[2], : skip.shape[3]]


def crops_the_beginning(patch, _):
    patch.setattr(
        padding, "cropped", lambda features, *, frames, bins: features[..., -frames:, -bins:]
    )


def bilinear(patch, _):
    right = functional.interpolate

    def wrong(features, *, scale_factor, mode):
        del mode
        return right(features, scale_factor=scale_factor, mode="bilinear")

    patch.setattr(unet.functional, "interpolate", wrong)


def transposed(offset, *, padded=False):
    """Cut another line off the transposed convolution, or pad its input."""

    def plant(patch, _):
        def wrong(self, features):
            size = [2 * lines for lines in features.shape[-2:]]
            if padded:
                features = padding.symmetric(features, frames=(2, 1), bins=(2, 1))
            whole = functional.conv_transpose2d(features, self.weight, self.bias, stride=2)
            begin = (whole.shape[-1] - size[1]) // 2 if padded else offset
            end = [begin + lines for lines in size]
            return functional.elu(whole[..., begin : end[0], begin : end[1]])

        patch.setattr(convolution.Up, "forward", wrong)

    return plant


def change_weights(kind, change):
    def plant(_, network):
        for layer in layers(network, kind):
            if layer.weight.ndim == 4:
                layer.weight.data = change(layer.weight.data)

    return plant


def axes_swapped(_, network):
    for layer in layers(network, convolution.Conv | convolution.Up):
        layer.weight.data = layer.weight.data.transpose(2, 3)


def second_stage_is_residual(_, network):
    right = type(network).forward

    def wrong(self, spectrum):
        second, first = right(self, spectrum)
        return second + spectrum, first

    network.forward = types.MethodType(wrong, network)


def carried_comes_first(patch, _):
    right = unet.Unet.forward

    def wrong(self, spectrum, carried=None, *, code=None):
        if carried is None:
            return right(self, spectrum, code=code)
        block, half = self.encoder[0].block, carried.shape[1]
        for conv in (*block.dense, block.straight):
            conv.weight.data[:, -2 * half :] = conv.weight.data[:, -2 * half :].roll(half, dims=1)
        return right(self, spectrum, carried, code=code)

    patch.setattr(unet.Unet, "forward", wrong)


MISREADINGS = {
    "zero padding": pad_like("constant"),
    "reflect padding": pad_like("reflect"),
    "replicate padding everywhere": pad_like("replicate"),
    "replicate padding of 7 x 7": pad_like("replicate", only=(3, 3)),
    "replicate padding of 4 x 4": pad_like("replicate", only=(2, 1)),
    "4 x 4 padded by one before and two after": down_pads_one_before,
    "code of k π": code(lambda f, j, last: (j + 1) * f / last),
    "code of f / F": code(lambda f, j, last: 2.0**j * f / (last + 1)),
    "no attention": without_attention,
    "attention of one half": attention_with(lambda eca: (eca.weight.zero_(), eca.bias.zero_())),
    "attention without a bias": attention_with(lambda eca: eca.bias.zero_()),
    "attention kernel flipped": attention_with(lambda eca: eca.weight.copy_(eca.weight.flip(-1))),
    "attention wraps around": circular_attention,
    "attention in stage 2 too": attention_twice,
    "supervised attention without the features": sam_without_features,
    "supervised attention masks by the residual": sam_masks_by_the_residual,
    "dense block joins the oldest first": oldest_first,
    "elu after the dense block's sum": elu_after_the_dense_sum,
    "projection without elu": projection_without_elu,
    "crops the beginning": crops_the_beginning,
    "skip comes first": decoder_with(
        lambda level, features, skip: torch.cat((skip, doubled(level, features, skip)), 1)
    ),
    "elu after the decoder's sum": decoder_with(
        lambda level, features, skip: torch.cat(
            (functional.elu(doubled(level, features, skip)), skip), 1
        )
    ),
    "bilinear upsampling": bilinear,
    "transposed convolution of padded input": transposed(1, padded=True),
    "transposed convolution cut at the end": transposed(0),
    "transposed convolution cut at the beginning": transposed(2),
    "transposed kernel flipped": change_weights(convolution.Up, lambda weight: weight.flip((2, 3))),
    "frames and bins swapped": axes_swapped,
    "stage 2 is residual": second_stage_is_residual,
    "stage 2 joins what is carried first": carried_comes_first,
}


def test_the_right_reading_passes(reference):
    """Else none of the others would mean anything."""
    assert error_of(reference, network_of(reference)) <= TOLERANCE


@pytest.mark.parametrize("plant", MISREADINGS.values(), ids=MISREADINGS.keys())
def test_a_misreading_fails(reference, monkeypatch, plant):
    """Planted into blocks that are right, it moves an output beyond the tolerance."""
    network = network_of(reference)
    plant(monkeypatch, network)

    assert error_of(reference, network) > TOLERANCE


def test_a_frequency_code_in_float64_fails(reference):
    """The least of all misreadings: seen at 1025 bins only, where the argument is rounded."""
    network = network_of(reference, "")
    bins, number = np.ogrid[:1025, :10]
    network.code.copy_(torch.from_numpy(np.cos(2.0**number * np.pi * bins / 1024)))

    assert error_of(reference, network, "") > TOLERANCE
