"""A full-width forward of five seconds, beside a straightforward port, and that one channels-last.

All of them compute the same network with the same weights; every answer is compared before it is
timed. On a CPU two threads are used; `--device cuda` prints what a GPU makes of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import side_by_side
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.layers.precision import is_bfloat16_fast
from benchmarks.models.musicecan import MusicEcan, MusicEcanSmall

ROUNDS, GPU_ROUNDS = 3, 10
THREADS = 2
FRAMES, BINS, SECONDS = 431, 1025, 5.0
PEAK_SIZE = 2048
COPY_BYTES = 2**30
BATCHES = (1, 2, 4, 8, 16, 32)
HEADER = (
    "", "s", "× real time", "of matmul peak", "time ÷ ours in float32", "error", "agreement, dB"
)  # fmt: skip
GPU_HEADER = ("batch", "ms per item", "× real time", "of matmul peak", "of copy bandwidth")


def main() -> None:
    """Measure on the device that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu, or cuda")
    device = parser.parse_args().device
    with torch.inference_mode():
        if device == "cpu":
            on_cpu()
        else:
            on_gpu(device)


class Plain:
    """The port one would write first: pad, concatenate, convolve, activate, layer by layer."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def __call__(self, spectrum: Tensor) -> tuple[Tensor, Tensor]:
        """Return the estimates of both stages."""
        net = self.network
        code = net.code.T[None, :, None].expand(len(spectrum), -1, spectrum.shape[2], -1)
        coded = torch.cat((spectrum, code), 1)
        features = self.stage(net.stage_1, self.conv(net.stage_1.input, coded))
        first = self.conv(net.sam.residual, features) + spectrum
        mask = torch.sigmoid(self.conv(net.sam.mask, first))
        carried = self.conv(net.sam.features, features) * mask + features
        entry = torch.cat((self.conv(net.stage_2.input, coded), carried), 1)
        return self.conv(net.output, self.stage(net.stage_2, entry)), first

    def stage(self, stage: nn.Module, features: Tensor) -> Tensor:
        """Go down and up again."""
        skips = []
        for level in stage.encoder:
            skips.append(self.block(level.block, features))
            features = self.conv(level.down, skips[-1])
        features = stage.attention(self.block(stage.middle, features))
        for level in reversed(stage.decoder):
            features = self.up(level, features, skips.pop())
        return features

    def up(self, level: nn.Module, features: Tensor, skip: Tensor) -> Tensor:
        """Double the axes, and join the skip."""
        weight, bias = level.up.weight, level.up.bias
        raised = functional.elu(functional.conv_transpose2d(features, weight, bias, stride=2))
        repeated = functional.interpolate(features, scale_factor=2.0, mode="nearest")
        if not isinstance(level.project, nn.Identity):
            repeated = self.conv(level.project, repeated)
        joined = raised[:, :, 1:-1, 1:-1] + repeated
        frames, bins = skip.shape[2:]
        return self.block(level.block, torch.cat((joined[:, :, :frames, :bins], skip), 1))

    def block(self, block: nn.Module, features: Tensor) -> Tensor:
        """See everything computed so far."""
        straight = self.conv(block.straight, features)
        *inner, last = block.dense
        for conv in inner:
            features = torch.cat((self.conv(conv, features), features), 1)
        return self.conv(last, features) + straight

    def conv(self, conv: nn.Module, features: Tensor) -> Tensor:
        """Mirror by flipping, convolve, activate."""
        kernel = conv.weight.shape[-1]
        for axis in (2, 3):
            before, after = kernel // 2, kernel // 2 - (1 - kernel % 2)
            first = features.narrow(axis, 0, before).flip(axis)
            last = features.narrow(axis, features.shape[axis] - after, after).flip(axis)
            features = torch.cat((first, features, last), axis)
        answer = functional.conv2d(features, conv.weight, conv.bias, conv.stride)
        return functional.elu(answer) if conv.elu else answer


class Work:
    """What is timed, and what it answers.

    Attributes:
        job: Returns the estimate of stage 2.
        flop: Operations of one call, two to a multiplication and addition.
        kind: Type of the numbers.
    """

    def __init__(self, job: Callable[[], Tensor], network: nn.Module, kind: torch.dtype) -> None:
        self.job, self.flop, self.kind = job, flop_of(network), kind


def network_work(network: nn.Module, spectrum: Tensor) -> Work:
    """Time a network on a spectrum in the type of its weights."""
    kind = next(network.parameters()).dtype
    given = spectrum.to(kind)

    def job() -> Tensor:
        return network(given)[0].float()

    return Work(job, network, kind)


def flop_of(network: nn.Module) -> int:
    """Count the operations of five seconds, on tensors without numbers."""
    empty = type(network)(network.config).to("meta")
    with torch.enable_grad(), FlopCounterMode(display=False) as counter:  # whole, not in strips
        empty(torch.empty(1, 2, FRAMES, BINS, device="meta"))
    return int(counter.get_total_flops())


def spectrum_of(batch: int, device: str) -> Tensor:
    """Return noise at the level that networks expect."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(batch, 2, FRAMES, BINS, generator=generator).to(device)


def matmul(kind: torch.dtype, device: str, size: int) -> Callable[[], Tensor]:
    """Return a multiplication of two square matrices."""
    left, right = (torch.ones(size, size, dtype=kind, device=device) for _ in range(2))
    return lambda: left @ right


def on_cpu() -> None:
    """Print ours beside two plain ports, then bfloat16 and the small network."""
    torch.set_num_threads(THREADS)
    spectrum, full, small = spectrum_of(1, "cpu"), MusicEcan().build, MusicEcanSmall().build
    first = full().to(memory_format=torch.contiguous_format)
    last, flat = full(), spectrum.contiguous(memory_format=torch.channels_last)
    works = {
        "channels-first port": Work(lambda: Plain(first)(spectrum)[0], first, torch.float32),
        "plain channels-last": Work(lambda: Plain(last)(flat)[0], last, torch.float32),
        "ours, float32": network_work(full(), spectrum),
        "ours, bfloat16": network_work(full().bfloat16(), spectrum),
        "small, float32": network_work(small(), spectrum),
        "small, bfloat16": network_work(small().bfloat16(), spectrum),
    }
    if not is_bfloat16_fast("cpu"):
        works = {name: work for name, work in works.items() if work.kind != torch.bfloat16}
    answers = {name: work.job() for name, work in works.items()}
    peaks = {str(kind): matmul(kind, "cpu", PEAK_SIZE) for kind in {w.kind for w in works.values()}}
    taken = side_by_side.seconds(
        {name: work.job for name, work in works.items()} | peaks, rounds=ROUNDS
    )
    rows = []
    for name, work in works.items():
        truth = answers["small, float32" if name.startswith("small") else "ours, float32"]
        ours = taken["small, float32" if name.startswith("small") else "ours, float32"]
        peak = 2 * PEAK_SIZE**3 / taken[str(work.kind)]
        rows.append(
            (
                name,
                f"{taken[name]:.2f}",
                f"{SECONDS / taken[name]:.2f}",
                f"{work.flop / taken[name] / peak:.0%}",
                f"{taken[name] / ours:.2f}",
                *agreement(answers[name], truth),
            )
        )
    side_by_side.table(f"Five seconds on {THREADS} threads of a CPU", HEADER, rows)


def agreement(answer: Tensor, truth: Tensor) -> tuple[str, str]:
    """Return the largest difference, and the signal-to-noise ratio in dB."""
    error = (answer - truth).abs()
    if not error.any():
        return "0", "—"
    ratio = truth.square().sum() / error.square().sum()
    return f"{float(error.max()):.0e}", f"{10 * float(ratio.log10()):.1f}"


def on_gpu(device: str) -> None:
    """Print times, batch by batch, beside what the GPU's arithmetic and memory would allow."""
    for name, build in (("musicecan", MusicEcan().build), ("small", MusicEcanSmall().build)):
        for kind in (torch.float32, torch.bfloat16):
            network = build().to(device, kind)
            rows = [gpu_row(network, batch, device) for batch in BATCHES]
            title = f"{name}, {kind}, five seconds each, {torch.cuda.get_device_name(device)}"
            side_by_side.table(title, GPU_HEADER, rows)


def gpu_row(network: nn.Module, batch: int, device: str) -> tuple[str, ...]:
    """Time a batch; its bounds are a matrix product and a copy, measured beside it."""
    work = network_work(network, spectrum_of(batch, device))
    source = torch.ones(COPY_BYTES, dtype=torch.uint8, device=device)
    jobs: dict[str, Callable[[], object]] = {
        "network": work.job,
        "matmul": matmul(work.kind, device, 4 * PEAK_SIZE),
        "copy": source.clone,
    }
    waited = {name: waiting(job, device) for name, job in jobs.items()}
    taken = side_by_side.seconds(waited, rounds=GPU_ROUNDS)
    compute = batch * work.flop * taken["matmul"] / (2 * (4 * PEAK_SIZE) ** 3)
    memory = batch * traffic_of(network) * taken["copy"] / (2 * COPY_BYTES)
    return (
        str(batch),
        f"{1000 * taken['network'] / batch:.1f}",
        f"{batch * SECONDS / taken['network']:.0f}",
        f"{compute / taken['network']:.0%}",
        f"{memory / taken['network']:.0%}",
    )


def waiting(job: Callable[[], object], device: str) -> Callable[[], None]:
    """Return a job that ends when the GPU has ended."""

    def wait() -> None:
        job()
        torch.cuda.synchronize(device)

    return wait


def traffic_of(network: nn.Module) -> int:
    """Return the bytes that convolutions alone read and write in five seconds, weights included."""
    counted = Counted(type(network)(network.config).to("meta"))
    counted(torch.empty(1, 2, FRAMES, BINS, device="meta"))
    return counted.numbers * next(network.parameters()).element_size()


class Counted(Plain):
    """The port, counting the numbers that its convolutions move.

    Attributes:
        numbers: How many so far.
    """

    numbers = 0

    def conv(self, conv: nn.Module, features: Tensor) -> Tensor:
        """Convolve, and count."""
        answer = super().conv(conv, features)
        self.numbers += features.numel() + answer.numel() + conv.weight.numel()
        return answer

    def up(self, level: nn.Module, features: Tensor, skip: Tensor) -> Tensor:
        """Double the axes, and count."""
        self.numbers += features.numel() + skip.numel() + level.up.weight.numel()
        return super().up(level, features, skip)


if __name__ == "__main__":
    main()
