"""Make a publication for a repository of the Hub, compare the two, and push it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import DatasetError, InputError
from mn_dataset.files.cache import user_cache
from mn_dataset.publish import publication
from mn_dataset.publish.hub import Hub
from mn_dataset.publish.publication import Changes, Record, compare, refuse_same_version
from mn_dataset.publish.publish import publish, tables_of


@dataclass(frozen=True)
class Push:
    """A publication that is ready to be pushed.

    Attributes:
        hub: The repository.
        folder: The publication.
        record: Its record.
        changes: What would change.
        is_temporary: Whether the folder was made for this push alone.
    """

    hub: Hub
    folder: Path
    record: Record
    changes: Changes
    is_temporary: bool

    def lines(self) -> list[str]:
        """Say what would be done."""
        how = "as a pull request to" if self.hub.create_pr else "to"
        branch = f", branch {self.hub.revision}" if self.hub.revision else ""
        new = "" if self.changes.head else " (not there yet)"
        count = f"{self.record.mixtures_with_audio} of {self.record.mixtures} mixtures with audio"
        summary = (
            f"version {self.record.dataset_version}, {count}, {how} {self.hub.repo_id}{branch}"
        )
        return [*self.changes.lines(), summary + new]

    def send(
        self, *, private: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> str:
        """Push, and remove the folder if it was made for that.

        Args:
            private: Whether a repository that has to be made is private.
            progress: Called with (done, all) kilobytes.

        Returns:
            Address of the commit or of the pull request.

        Raises:
            FetchError: if the Hub refuses, or the connection fails for good.
        """
        address = self.hub.push(self.folder, self.record, private=private, progress=progress)
        if self.is_temporary:
            shutil.rmtree(self.folder.parent, ignore_errors=True)
        return address


def prepare(
    dataset: Path,
    hub: Hub,
    *,
    recipe_only: bool = False,
    license_allow: Sequence[str] | None = None,
    layout: str = "parquet",
    audio_format: str = "flac",
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Push:
    """Make a publication in the user's cache, and compare it with the repository.

    Nothing is written to the Hub. A stopped run is resumed.

    Args:
        dataset: A built dataset; or a publication, which is pushed as it is.
        hub: The repository.
        recipe_only: As for ``publish``.
        license_allow: As for ``publish``.
        layout: As for ``publish``.
        audio_format: As for ``publish``.
        workers: Processes.
        progress: Called with (done, all) mixtures.

    Raises:
        InputError: if the data changed and their version did not.
        DatasetError: if the folder is neither, or damaged.
        FetchError: if the repository cannot be read.
    """
    if hub.create_pr and hub.revision:
        raise InputError(
            f"revision is {hub.revision!r} and create_pr is set; a pull request goes to the main "
            "branch: leave revision away"
        )
    tree = hub.tree()
    stored = publication.stored(dataset)
    if stored:
        _refuse_damage(dataset, stored)
        folder, record = dataset, stored
    else:
        options = f"{recipe_only} {license_allow} {layout} {audio_format}"
        folder = _folder_in_cache(dataset, hub.repo_id, options)
        record = publish(
            dataset,
            folder,
            recipe_only=recipe_only,
            license_allow=license_allow,
            layout=layout,
            audio_format=audio_format,
            address=hub.repo_id,
            workers=workers,
            progress=progress,
        )
    old = hub.record(tree)
    if old:
        refuse_same_version(record, old, where=hub.repo_id)
    return Push(hub, folder, record, compare(folder, record, tree), is_temporary=not stored)


def _folder_in_cache(dataset: Path, repo_id: str, options: str) -> Path:
    """Return where a dataset is made ready: another one has another folder."""
    hashes = [
        file_sha256(dataset / name) for name in tables_of(dataset) if (dataset / name).is_file()
    ]
    key = hashlib.sha256("\n".join([*hashes, options]).encode()).hexdigest()[:16]
    return user_cache("publications", repo_id.replace("/", "--"), key)


def _refuse_damage(folder: Path, record: Record) -> None:
    """Refuse a publication whose files are not those of its record."""
    for path, file in record.files.items():
        if not publication.are_whole(folder, {path: file}):
            raise DatasetError(f"{folder / path}: missing or changed; publish the dataset again")
