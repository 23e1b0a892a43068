"""Put a file in its place whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mn_dataset.errors import OutputError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a place beside a file: what is written there takes the file's place at the end.

    After a fault, or where the process is killed, the file is what it was.

    Raises:
        OutputError: if it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); free or choose another place"
        ) from error
    finally:
        with suppress(OSError):  # the fault that stopped the write is told
            temporary.unlink(missing_ok=True)
