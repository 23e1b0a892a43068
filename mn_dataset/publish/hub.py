"""Read and write dataset repositories of the Hugging Face Hub, by huggingface_hub.

The token is the Hub's own (`hf auth login`, or HF_TOKEN); it is never read here. The content of
large files goes up ahead, and a single commit makes all of it visible: a push that is stopped
leaves the repository as it was, and the same command goes on with what has not arrived.
"""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mn_dataset.errors import FetchError, InputError, MissingExtra
from mn_dataset.publish.publication import RECORD, Changes, Record, Tree, compare, read_record

logger = logging.getLogger(__name__)

_KIND = "dataset"
_TOGETHER = 4  # files sent at a time, and sent again after a stop
_TRIES = 4
_CURES = {
    401: "log in with `hf auth login`, with a token that may write there",
    403: "log in with `hf auth login`, with a token that may write there",
    404: "look at the name; if it is private, log in with `hf auth login`",
    412: "the repository has changed meanwhile: look at it, and run the same command again",
}
_AGAIN = "run the same command again: what has arrived is not sent again"


@dataclass(frozen=True)
class Hub:
    """A dataset repository.

    Attributes:
        repo_id: OWNER/NAME.
        revision: Branch to read and to write; None for the main one.
        create_pr: Open a pull request instead of writing to the main branch.
        endpoint: Address of the Hub; None for the user's own setting (HF_ENDPOINT).
        pause_s: How long to wait before a dropped connection is tried again, at first.
    """

    repo_id: str
    revision: str | None = None
    create_pr: bool = False
    endpoint: str | None = None
    pause_s: float = 1.0

    def tree(self) -> Tree:
        """Return what the repository holds; nothing where it, or its branch, is not there.

        Raises:
            FetchError: if it cannot be read.
        """
        missing = _errors("RepositoryNotFoundError", "RevisionNotFoundError")
        with self._explained("read"):
            try:
                info = self._api.repo_info(self.repo_id, repo_type=_KIND, revision=self.revision)
                entries = self._api.list_repo_tree(
                    self.repo_id, recursive=True, revision=info.sha, repo_type=_KIND
                )
                files = [entry for entry in entries if hasattr(entry, "blob_id")]
            except missing:
                return Tree(None, {})
        return Tree(
            info.sha, {one.path: one.lfs.sha256 if one.lfs else one.blob_id for one in files}
        )

    def fetch(self, names: Sequence[str]) -> dict[str, Path]:
        """Return local copies of files of the repository, by name.

        Raises:
            FetchError: if one cannot be had.
        """
        with self._explained("read"):
            return {
                name: Path(
                    self._api.hf_hub_download(
                        self.repo_id, name, repo_type=_KIND, revision=self.revision
                    )
                )
                for name in names
            }

    def record(self, tree: Tree) -> Record | None:
        """Return the record of the publication that the repository holds, if it holds one.

        Raises:
            FetchError: if it cannot be read.
            DatasetError: if it is no record.
        """
        if RECORD not in tree.hashes:
            return None
        text = self.fetch([RECORD])[RECORD].read_text(encoding="utf-8")
        return read_record(text, where=f"{self.repo_id}/{RECORD}")

    def push(
        self,
        folder: Path,
        record: Record,
        *,
        private: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> str:
        """Make the repository hold a publication, in one commit.

        Args:
            folder: The publication.
            record: Its record.
            private: Whether a repository that has to be made is private; otherwise its owner's
                setting decides.
            progress: Called with (done, all) kilobytes.

        Returns:
            Address of the commit or of the pull request.

        Raises:
            FetchError: if the Hub refuses, or the connection fails for good.
        """
        self._prepare(private=private)
        changes = compare(folder, record, self.tree())
        if changes.empty:
            return self._address(changes.head)
        library = _library()
        adds = [library.CommitOperationAdd(path, folder / path) for path in sorted(changes.send)]
        self._send(adds, changes, progress)
        removals = [library.CommitOperationDelete(path) for path in changes.delete]
        return self._commit(folder, record, changes, [*adds, *removals])

    def _prepare(self, *, private: bool) -> None:
        """Make the repository and the branch where they are not there yet."""
        with self._explained("made"):
            if not self._api.repo_exists(self.repo_id, repo_type=_KIND):
                self._api.create_repo(
                    self.repo_id, repo_type=_KIND, private=private or None, exist_ok=True
                )
            if self.revision:
                self._api.create_branch(
                    self.repo_id, branch=self.revision, repo_type=_KIND, exist_ok=True
                )

    def _send(
        self, adds: list[Any], changes: Changes, progress: Callable[[int, int], None] | None
    ) -> None:
        """Send the content of large files; each lot again, ever more patiently, if it is lost."""
        total, done = sum(file.size for file in changes.send.values()), 0
        for first in range(0, len(adds), _TOGETHER):
            lot = adds[first : first + _TOGETHER]
            for attempt in range(1, _TRIES + 1):
                try:
                    self._send_lot(lot)
                    break
                except FetchError as error:
                    if attempt == _TRIES or not _is_lost(error.__cause__):
                        raise
                    logger.info("%s: the connection was lost; trying again", self.repo_id)
                    time.sleep(self.pause_s * 2 ** (attempt - 1))
            done += sum(changes.send[one.path_in_repo].size for one in lot)
            if progress:
                progress(done // 1000, total // 1000)

    def _send_lot(self, lot: list[Any]) -> None:
        with self._explained("written"):
            self._api.preupload_lfs_files(
                self.repo_id,
                additions=lot,
                repo_type=_KIND,
                revision=self.revision,
                create_pr=self.create_pr,
                num_threads=_TOGETHER,
                free_memory=False,
            )

    def _commit(self, folder: Path, record: Record, changes: Changes, operations: list[Any]) -> str:
        """Make the commit; where its answer was lost, look whether it was made."""
        try:
            with self._explained("written"):
                commit = self._api.create_commit(
                    self.repo_id,
                    operations,
                    commit_message=f"Version {record.dataset_version} of the data",
                    repo_type=_KIND,
                    revision=self.revision,
                    create_pr=self.create_pr,
                    parent_commit=changes.head,
                )
        except FetchError as error:
            if self.create_pr or not _is_lost(error.__cause__):
                raise
            remaining = compare(folder, record, self.tree())
            if not remaining.empty:
                raise
            return self._address(remaining.head)
        return str(commit.pr_url if self.create_pr else commit.commit_url)

    def _address(self, commit: str | None) -> str:
        base = f"{self._api.endpoint}/datasets/{self.repo_id}"
        return f"{base}/commit/{commit}" if commit else base

    @property
    def _api(self) -> Any:
        return _library().HfApi(endpoint=self.endpoint, library_name="mn-dataset")

    @contextmanager
    def _explained(self, action: str) -> Iterator[None]:
        """Say in one line what the Hub or the way to it is at fault for, without addresses."""
        offline = _errors("OfflineModeIsEnabled")
        try:
            yield
        except _errors("HFValidationError") as error:
            raise InputError(f"{self.repo_id!r} is no repository; expected OWNER/NAME") from error
        except offline as error:
            raise InputError(
                f"{self.repo_id}: cannot be {action}, HF_HUB_OFFLINE is set; unset it"
            ) from error
        except _errors("HfHubHTTPError") as error:
            status = error.response.status_code
            message = error.server_message or error.response.reason_phrase
            raise FetchError(
                f"{self.repo_id}: cannot be {action}, the Hub answered {status} ({message}); "
                f"{_CURES.get(status, _AGAIN)}"
            ) from error
        except Exception as error:
            if _is_lost(error):
                text = f"the connection was lost ({type(error).__name__})"
            elif isinstance(error, (OSError, RuntimeError, ValueError)):
                text = f"{type(error).__name__}: {error}"
            else:
                raise
            raise FetchError(f"{self.repo_id}: cannot be {action}, {text}; {_AGAIN}") from error


def _library() -> Any:
    try:
        return importlib.import_module("huggingface_hub")
    except ImportError as error:
        raise MissingExtra("huggingface_hub", extra="publish") from error


def _errors(*names: str) -> Any:
    _library()
    errors = importlib.import_module("huggingface_hub.errors")
    return tuple(getattr(errors, name) for name in names)


def _is_lost(error: BaseException | None) -> bool:
    """Tell whether a connection failed on the way, in whichever words the HTTP library has."""
    while error is not None:
        library = type(error).__module__.split(".")[0]
        kinds = (ConnectionError, TimeoutError, *_errors("LocalEntryNotFoundError"))
        if isinstance(error, _errors("HfHubHTTPError", "OfflineModeIsEnabled")):
            return False
        if isinstance(error, kinds) or library in ("httpx", "httpx2", "requests", "urllib3"):
            return True
        error = error.__cause__
    return False
