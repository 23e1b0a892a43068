"""Give the tests what the reference answered."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

SHARED = Path(__file__).parents[4] / "shared"


class Reference:
    """Arrays of the official graph, in single precision or as its float64 twin answered."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = arrays

    def weights(self, prefix: str, kind: type = np.float32) -> dict[str, np.ndarray]:
        """Return the weights below a prefix, by their names below it."""
        begin = f"{prefix}w/"
        found = [name for name in self._arrays if name.startswith(begin)]
        return {name.removeprefix(begin): self[name].astype(kind) for name in found}

    def names(self, prefix: str) -> list[str]:
        """Return what is below a prefix, without it."""
        return [name.removeprefix(prefix) for name in self._arrays if name.startswith(prefix)]

    def tensor(self, name: str, kind: type = np.float32) -> torch.Tensor:
        """Return features as (batch, channels, frames, bins)."""
        return torch.from_numpy(self[name].astype(kind)).permute(0, 3, 1, 2)

    def twin(self, name: str) -> torch.Tensor:
        """Return what a float64 run of the graph answered, (batch, channels, frames, bins)."""
        return self.tensor(f"f64/{name}", np.float64)

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]


@pytest.fixture(scope="session")
def reference() -> Reference:
    """The fixture beside the project."""
    path = SHARED / "parity" / "open.npz"
    if not path.is_file():
        pytest.skip("the reference's answers do not lie beside the project")
    with np.load(path) as archive:
        return Reference(dict(archive))
