"""Define the commands that pass a dataset on: publish, rebuild."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mn_dataset.commands import terminal
from mn_dataset.commands.app import Json, app, opened, report_dataset
from mn_dataset.commands.options import PublishOptions, PushOptions, cores, on_cluster
from mn_dataset.errors import InputError


@app.command
def publish(
    dataset_dir: Path,
    /,
    *,
    to: str,
    options: PublishOptions | None = None,
    pushing: PushOptions | None = None,
    json: Json = False,
) -> int:
    """Publish a dataset: Parquet with the audio inside, card, Croissant, and a licence gate.

    Mixtures whose two works no one licence satisfies are published as recipes, and counted. Without
    --push the result is a folder; nothing leaves this machine. Stop it at any moment; the same
    command resumes.

    Args:
        dataset_dir: A built dataset; with --push also a folder that this command made.
        to: A folder; with --push a repository of the Hugging Face Hub, OWNER/NAME.
        options: What to publish.
        pushing: How to push.
        json: Print one JSON object.
    """
    from mn_dataset.publish.publish import publish as publish_dataset

    how, pushing = options or PublishOptions(), pushing or PushOptions()
    if pushing != PushOptions() and not pushing.push:
        raise InputError("--yes, --private, --revision and --create-pr go with --push; add it")
    with on_cluster(how.cluster, workers=how.workers):
        if pushing.push:
            return _push(dataset_dir, to, how.arguments(), pushing, json=json)
        with terminal.bar("publishing") as progress:
            record = publish_dataset(dataset_dir, to, progress=progress, **how.arguments())
    if json:
        terminal.answer({"publication": to} | record.summary())
    else:
        terminal.say("\n".join([*record.lines(), f"published in {to}"]))
    return terminal.DONE


def _push(
    dataset: Path, repo_id: str, arguments: dict[str, Any], pushing: PushOptions, *, json: bool
) -> int:
    """List what a push would change, ask, and do it."""
    from mn_dataset.publish.hub import Hub
    from mn_dataset.publish.push import prepare

    hub = Hub(repo_id, revision=pushing.revision, create_pr=pushing.create_pr)
    with terminal.bar("publishing") as progress:
        push = prepare(dataset, hub, progress=progress, **arguments)
    terminal.note("\n".join([*push.record.lines(), *push.lines()]))
    if not (pushing.yes or terminal.agrees("Push?")):
        raise InputError(f"{repo_id}: nothing was pushed; answer y, or pass --yes")
    with terminal.bar("pushing") as progress:
        address = push.send(private=pushing.private, progress=progress)
    if json:
        terminal.answer({"pushed": address} | push.record.summary())
    else:
        terminal.say(f"pushed: {address}")
    return terminal.DONE


@app.command
def rebuild(
    publication: str,
    /,
    *,
    corpus: str,
    out: Path,
    revision: str | None = None,
    workers: int | None = None,
    json: Json = False,
) -> None:
    """Make the audio of a publication again, and verify that it is equal, sample for sample.

    Args:
        publication: A folder of `mn publish`, or a repository of the Hugging Face Hub, OWNER/NAME.
        corpus: The corpus that it was mixed of: a folder, or the name of a known corpus.
        out: The dataset folder; an unfinished one is resumed.
        revision: Branch, tag or commit of the repository.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.publish.rebuild import rebuild as rebuild_dataset

    source, processes = opened(corpus, workers), cores(workers)
    with terminal.bar("mixing") as progress:
        folder = rebuild_dataset(
            publication, source, out, revision=revision, workers=processes, progress=progress
        )
    report_dataset(folder, json)
