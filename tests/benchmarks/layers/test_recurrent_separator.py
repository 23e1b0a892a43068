"""Recurrent separators are the equations of the paper, and answer as its authors' script does."""

from pathlib import Path

import pytest
import scipy.io

torch = pytest.importorskip("torch")
from benchmarks.layers.discriminative_loss import DiscriminativeLoss  # noqa: E402 - torch
from benchmarks.layers.masking import masked  # noqa: E402 - torch is an extra
from benchmarks.models.drnn import Drnn  # noqa: E402 - the same

CASES = Path(__file__).parents[4] / "shared" / "parity" / "drnn" / "drnn_cases.mat"
KINDS = ("dnn", "drnn-1", "drnn-2", "drnn-3", "srnn")
"""By ``temporalLayer`` of the authors' script."""
BATCH, FRAMES, BINS, WIDTH = 2, 6, 9, 11


class Case:
    """What the authors' script answered to one set of parameters, all in float64."""

    def __init__(self, cells, shared):
        self.kind = KINDS[int(cells["temporalLayer"].item())]
        self.divergence = "kl" if "kl" in cells["opt"].item() else "mse"
        self.discrimination = float(cells["r"].item())
        self.cost = float(cells["cost"].item())
        self.theta, self.gradient = (torch.from_numpy(cells[n][:, 0]) for n in ("theta", "grad"))
        sizes = {"X": (3 * BINS,), "M": (BINS,), "Y": (2, BINS)}  # a column is a sequence
        self.features, self.mixture, targets = (
            torch.from_numpy(shared[name].T.reshape(BATCH, FRAMES, *size))
            for name, size in sizes.items()
        )
        self.targets = targets.transpose(1, 2)
        # A column is a frame of one sequence, then the same frame of the next.
        pred = cells["pred"].T.reshape(FRAMES, BATCH, 2, BINS)
        self.estimates = torch.from_numpy(pred).permute(1, 2, 0, 3)

    def network(self):
        network = Drnn().build(kind=self.kind, hidden=WIDTH, window=2 * BINS - 2, hop=4).double()
        start = 0
        for parameter in in_order(network):
            part = self.theta[start : (start := start + parameter.numel())]
            parameter.data = by_columns(part.reshape(parameter.shape[::-1])).clone()
        assert start == len(self.theta)
        return network

    def reported_kl(self, estimates):
        """Return the script's own figure, of which its gradient is not quite the gradient."""

        def divergence(truth):
            ratio = truth / (estimates + 1e-3) + 1e-3
            return (truth * ratio.log() - truth + estimates + 1e-3).sum()

        away = divergence(self.targets.flip(1))
        return float(divergence(self.targets) - self.discrimination * away)


def by_columns(matrix):
    """Return a matrix transposed, and a vector as it is."""
    return matrix.mT if matrix.ndim == 2 else matrix


def in_order(network):
    """Return parameters as the script packs them: each W and b, then the matrices of recurrence."""
    layers = [*network.hidden, network.output]
    recurrent = [one.recurrent for one in network.hidden if one.recurrent is not None]
    return [part for layer in layers for part in (layer.weight, layer.bias)] + recurrent


@pytest.fixture(params=range(1, 21), ids="c{:02d}".format)
def case(request):
    if not CASES.is_file():
        pytest.skip("the answers of the authors' script do not lie beside the project")
    content = scipy.io.loadmat(CASES)
    return Case(content[f"c{request.param:02d}"][0, 0], content)


def test_estimates_loss_and_gradient_are_those_of_the_authors(case):
    network = case.network()
    loss = DiscriminativeLoss(**{case.divergence: 1.0}, discrimination=case.discrimination)

    estimates = masked(network.outputs(case.features), case.mixture)
    cost = loss(estimates, case.targets) * estimates.numel()
    cost.backward()

    torch.testing.assert_close(estimates, case.estimates, rtol=0, atol=1e-10)
    kl = case.divergence == "kl"
    reported = case.reported_kl(estimates.detach()) if kl else float(cost.detach())
    assert reported == pytest.approx(case.cost, rel=0, abs=1e-10)
    found = torch.cat([by_columns(parameter.grad).flatten() for parameter in in_order(network)])
    # Against the largest: the script's gradient of squares leaves a 1e-10 out, of 9e-9 in effect.
    assert float((found - case.gradient).abs().max() / case.gradient.abs().max()) < 1e-8


@pytest.mark.parametrize("kind", ["drnn-2", "srnn"])
def test_a_state_goes_through_the_whole_of_a_clip(kind):
    """Frame by frame by the equations, with what each layer remembers: the same."""
    network = Drnn().build(kind=kind, hidden=7, window=16, hop=8).double()
    generator = torch.Generator().manual_seed(0)
    mixture = torch.rand(1, 200, 9, dtype=torch.float64, generator=generator)
    silence = torch.zeros(1, 9, dtype=torch.float64)
    frames = torch.cat((silence, mixture[0], silence))
    states = [torch.zeros(7, dtype=torch.float64) for _ in network.hidden]
    answers = []

    for now in range(200):
        signal = frames[now : now + 3].flatten()
        for number, layer in enumerate(network.hidden):
            driven = layer.weight @ signal + layer.bias
            if layer.recurrent is not None:
                driven = driven + layer.recurrent @ states[number]
            signal = states[number] = driven.relu()
        sizes = (network.output.weight @ signal + network.output.bias).abs().reshape(2, 9)
        answers.append(sizes / sizes.sum(dim=0) * mixture[0, now])

    found = network(mixture)[0]
    # The masks leave 1e-10 of the sum of both outputs out, which is up to 1e-7 of small ones.
    torch.testing.assert_close(found, torch.stack(answers, dim=1), rtol=0, atol=1e-6)


def test_gated_units_estimate_in_training_what_they_do_afterwards():
    """Through gradients by hand, or torch's own units: the same to rounding."""
    network = Drnn().build(kind="gru", hidden=7, window=16, hop=8).double()
    generator = torch.Generator().manual_seed(0)
    mixture = torch.rand(2, 50, 9, dtype=torch.float64, generator=generator)
    with torch.no_grad():
        afterwards = network(mixture)

    torch.testing.assert_close(network(mixture), afterwards, rtol=0, atol=1e-12)


def test_what_was_said_long_ago_is_remembered_by_recurrent_networks_alone():
    """Two frames on, out of the context, a plain network has forgotten."""
    mixture = torch.rand(1, 12, 9, generator=torch.Generator().manual_seed(0))
    changed = mixture.clone()
    changed[:, 0] += 1
    for kind, remembers in (("dnn", False), ("drnn-3", True), ("srnn", True), ("gru", True)):
        network = Drnn().build(kind=kind, hidden=16, window=16, hop=8)
        differs = (network(mixture) - network(changed)).abs().amax(dim=(0, 1, 3)) > 0
        assert bool(differs[2:].any()) is remembers, kind


@pytest.mark.parametrize("kind", KINDS)
def test_first_weights_let_nothing_fade_or_explode(kind):
    """Of a steady input, however long it lasts."""
    network = Drnn().build(kind=kind, hidden=128)
    with torch.inference_mode():
        levels = network.outputs(torch.ones(1, 400, 3 * 513)).std(dim=(0, 1, 3))

    assert 0.3 < float(levels[0]) < 4
    assert float(levels[-1]) == pytest.approx(float(levels[50]), rel=0.2)
    assert float(levels.max()) < 10
