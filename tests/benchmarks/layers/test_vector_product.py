"""The vector product layer is torch's cross product, and both representations can be undone."""

import pytest

torch = pytest.importorskip("torch")
from benchmarks.layers.vector_product import (  # noqa: E402 - torch is an extra
    ContextWindow,
    SpectralColour,
    VectorProduct,
)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def test_a_layer_is_the_sum_of_cross_products_and_a_bias(generator):
    layer = VectorProduct(7, 5)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    vectors = torch.randn(3, 2, 4, 7, generator=generator)

    expected = torch.stack(
        [
            torch.linalg.cross(
                layer.weight[:, unit, :, None, None].expand(3, 7, 2, 4),
                vectors.permute(0, 3, 1, 2),
                dim=0,
            ).sum(dim=1)
            + layer.bias[:, unit, None, None]
            for unit in range(5)
        ],
        dim=-1,
    )

    # Sums of 14 products of unit variance in float32.
    torch.testing.assert_close(layer(vectors), expected, rtol=1e-6, atol=4e-6)
    found = layer.double()(vectors.double())
    torch.testing.assert_close(found, expected.double(), rtol=1e-6, atol=4e-6)


def test_a_layer_of_one_weight_is_torchs_cross_product():
    """To 1e-6, of vectors of unit length."""
    layer = VectorProduct(1, 1)
    generator = torch.Generator().manual_seed(1)
    weight, vectors = torch.nn.functional.normalize(
        torch.randn(2, 3, 50, generator=generator), dim=1
    )
    layer.weight.data = weight[:, :1, None]

    found = layer(vectors[:, None, :, None])[:, 0, :, 0]

    expected = torch.linalg.cross(weight[:, :1].expand(3, 50), vectors, dim=0)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_no_component_is_made_of_itself(generator):
    """A weight along one axis turns the other two into each other."""
    layer = VectorProduct(1, 1)
    layer.weight.data = torch.tensor([1.0, 0, 0]).reshape(3, 1, 1)

    found = layer(torch.tensor([5.0, 2.0, 3.0]).reshape(3, 1, 1, 1))

    assert found.flatten().tolist() == [0, -3, 2]


def test_colours_give_their_magnitudes_back(generator):
    """To 1e-6 of full scale, the corners of the colour map included."""
    n = 0.0938
    corners = torch.tensor([0.0, n / 2, n, 1.5 * n, 2 * n, 0.5, 1.0])
    magnitude = torch.cat((corners, torch.rand(10_000, generator=generator)))
    for white in (1.0, 64.0):
        colour = SpectralColour(white)
        vectors = colour.vectors(white * magnitude)

        assert vectors.min() == 0
        assert vectors.max() == 1
        again = colour.scalars(vectors) / white
        torch.testing.assert_close(again, magnitude, rtol=0, atol=1e-6)


def test_colours_go_from_black_over_red_and_yellow_to_white():
    n = 0.0938
    colours = SpectralColour(2.0).vectors(2 * torch.tensor([0, n, 2 * n, 1.0, 3.0])).T
    expected = torch.tensor([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1.0]])
    torch.testing.assert_close(colours, expected, rtol=0, atol=1e-6)


def test_vectors_of_a_context_are_three_frames_of_which_the_middle_one_counts(generator):
    magnitude = torch.rand(2, 5, 4, generator=generator)
    window = ContextWindow()

    before, now, after = window.vectors(magnitude)

    assert torch.equal(before[:, 1:], magnitude[:, :-1])
    assert torch.equal(after[:, :-1], magnitude[:, 1:])
    assert torch.equal(now, magnitude)
    assert not before[:, 0].any()
    assert not after[:, -1].any()
    assert torch.equal(window.scalars(torch.stack((before, now, after))), magnitude)


@pytest.mark.parametrize(("activation", "variance"), [("sigmoid", 0.5), ("relu", 1.0)])
def test_first_weights_are_as_large_as_sums_of_two_products_ask_for(activation, variance):
    """Variance 1 / 2I before a sigmoid, 1 / I before a rectifier; biases of zero."""
    from benchmarks.models.vector_product import Wvpnn  # noqa: PLC0415 - torch is an extra

    layer = Wvpnn().build(activation=activation, hidden=64).hidden[0]

    assert float(layer.weight.detach().var()) * 513 == pytest.approx(variance, rel=0.03)
    assert not layer.bias.any()
