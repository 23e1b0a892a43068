"""DI-CAE: an auto-encoder of magnitudes for each microphone, which lends its phase.

its-rajesh/Audio-Bleeding-Removal and its-rajesh/IRMR, 2023; the network is in
``benchmarks.layers.di_cae``, with what is different here.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.contract import DenoiserSpec, Objective
from benchmarks.models.f_unet import RATE
from benchmarks.models.learned import Learned, check_frames
from benchmarks.models.widths import scaled
from mn_dataset.errors import InputError, UnknownName

if TYPE_CHECKING:
    import torch

WIDTHS = (32, 64)
"""Channels of the original's convolutions."""


class DiCae(Learned):
    """39,548,457 numbers per microphone at the size of the original, nearly all of them dense.

    That is too much for minutes of a CPU: ``benchmarks/configs/di_cae.toml`` trains a narrow one.
    """

    spec = DenoiserSpec(
        name="di_cae",
        task="debleed",
        sampling_rate=RATE,
        channels=1,
        backend="torch",
        remainder="inputs",
        chunk=10 * RATE,
        overlap=RATE,
        learned=True,
        extra="torch",
        citation="https://github.com/its-rajesh/Audio-Bleeding-Removal, 2023",
        trained_on="what its weights say",
    )

    def build(
        self,
        *,
        microphones: int = 4,
        frames: int = 9,
        widths: Sequence[int] | None = None,
        bottleneck: int = 100,
        width_multiplier: float = 1.0,
        window: int = 2048,
        hop: int = 512,
        momentum: float = 0.01,
        output: str = "mask",
        seed: int = 0,
    ) -> torch.nn.Module:
        """Return a fresh network of magnitudes (batch, microphones, frames, bins).

        Its ``config`` holds these keywords, with the widths as they came out.

        Args:
            microphones: How many a session has, each with a network of its own; in the order of the
                task, of which no other number is answered.
            frames: That an image holds: 9, or 3, as in IRMR, whose kernels span one frame.
            widths: Channels of the two convolutions; those of the original by default.
            bottleneck: Units of the layer in the middle.
            width_multiplier: Factor of widths and units, which are rounded, and at least 1.
            window: Of the transform in samples, even.
            hop: Of the transform in samples, at most half a window, in training and in use.
            momentum: Share of a batch in the moving statistics of the normalisations; 0.01 in the
                original.
            output: "mask", a share of the microphone's magnitudes, or "magnitude", as published.
            seed: Of the first weights.

        Raises:
            InputError: if the numbers make no network or no transform.
            UnknownName: if there is no such output.
        """
        from benchmarks.layers import di_cae  # noqa: PLC0415 - torch is an extra

        name, pair = self.spec.name, list(WIDTHS if widths is None else widths)
        if len(pair) != len(WIDTHS):
            raise InputError(f"{name}: widths are {pair}; expected two")
        fine, coarse, middle = scaled(name, [*pair, bottleneck], width_multiplier)
        check_frames(name, window, hop)
        if microphones < 1 or frames not in di_cae.FRAMES:
            raise InputError(
                f"{name}: microphones is {microphones} and frames is {frames}; expected 1 or more, "
                f"and one of {', '.join(map(str, di_cae.FRAMES))}"
            )
        if not 0 < momentum <= 1:
            raise InputError(f"{name}: momentum is {momentum}; expected above 0, at most 1")
        if output not in di_cae.OUTPUTS:
            raise UnknownName("output", output, di_cae.OUTPUTS)
        config: dict[str, Any] = {
            "microphones": microphones,
            "frames": frames,
            "widths": [fine, coarse],
            "bottleneck": middle,
            "window": window,
            "hop": hop,
            "momentum": momentum,
            "output": output,
            "seed": seed,
        }
        return di_cae.build(config)

    def objective(
        self, network: torch.nn.Module, weights: Sequence[Mapping[str, float]]
    ) -> Objective:
        """Return what training minimises of a network.

        Args:
            network: What ``build`` returned.
            weights: One table of "mse", of magnitudes, the original's, and "snr", of waveforms.

        Raises:
            UnknownName: if a loss has no such name.
            InputError: if there are several tables, or weights without a positive sum.
        """
        from benchmarks.layers import microphone_magnitudes  # noqa: PLC0415 - torch is an extra
        from benchmarks.layers.transform import Transform  # noqa: PLC0415
        from benchmarks.layers.waveform_objective import only_table  # noqa: PLC0415

        config: Any = network.config
        return microphone_magnitudes.MagnitudesObjective(
            Transform(config["window"], config["hop"]),
            config["microphones"],
            only_table(weights, microphone_magnitudes.LOSSES),
        )

    def estimate(self, network: torch.nn.Module, noisy: torch.Tensor) -> torch.Tensor:
        """Return the estimates of sessions, (batch, microphones, time)."""
        estimates: torch.Tensor = self.objective(network, ()).estimate(network, noisy)
        return estimates
