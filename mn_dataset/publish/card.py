"""Write a publication's card from its own data: front matter for the Hub, text for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa

from mn_dataset.files.atomic import write_text
from mn_dataset.licenses import judge
from mn_dataset.markdown import markdown_table
from mn_dataset.mix import manifest
from mn_dataset.mix.recipes import read_recipes
from mn_dataset.publish import schema, statistics
from mn_dataset.publish.figures import Pictures
from mn_dataset.publish.layouts import Layout
from mn_dataset.publish.publication import Record
from mn_dataset.publish.schema import meaning
from mn_dataset.publish.selection import Row, Selection
from mn_dataset.publish.shards import Config
from mn_dataset.tasks.facets import named, numeric

CARD = manifest.CARD

_TEMPLATE = "card.md.j2"
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
_LARGEST = "1M<n<10M"
HUB_LICENSES = {
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CC-BY-2.0", "CC-BY-2.5",
    "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-2.0", "CC-BY-NC-3.0",
    "CC-BY-NC-4.0", "CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0",
    "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "ISC", "MIT", "Unlicense", "WTFPL", "Zlib",
}  # fmt: skip
"""SPDX ids that are licences of the Hub in lower case; it calls every other one `other`."""


def write_card(
    out: Path,
    selection: Selection,
    record: Record,
    *,
    layout: Layout,
    configs: Sequence[Config],
    pictures: Pictures,
    address: str,
) -> None:
    """Write README.md into a publication.

    Args:
        out: The publication.
        selection: What it was made of.
        record: What it is.
        layout: Its layout.
        configs: Its configurations.
        pictures: What to show.
        address: Where people load it from: a repo id, or a word for it.

    Raises:
        MissingExtra: if `datasets` is not installed.
        OutputError: if it cannot be written.
    """
    text = card(
        selection, record, layout=layout, configs=configs, pictures=pictures, address=address
    )
    write_text(out / CARD, text)


def card(
    selection: Selection,
    record: Record,
    *,
    layout: Layout,
    configs: Sequence[Config],
    pictures: Pictures,
    address: str,
) -> str:
    """Return the card's text; the arguments are those of ``write_card``."""
    task, rows = selection.task, selection.shown
    classes, ratio = named(task.facets), numeric(task.facets)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mn_dataset.publish", "."),
        autoescape=False,  # noqa: S701 - Markdown for people, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["table"] = lambda lines: markdown_table(lines[0], lines[1:])
    text = environment.get_template(_TEMPLATE).render(
        selection=selection,
        task=task,
        works=max(len(row["layers"]) for row in rows),
        record=record,
        layout=layout,
        configs=configs,
        pictures=pictures,
        address=address,
        split=next(iter(configs[0].splits)),
        first=_first_file(selection),
        lifted=sum(judge(row["source_licenses"]).license is None for row in selection.with_audio),
        hours_with_audio=statistics.duration_h(selection.with_audio),
        hours_without_audio=statistics.duration_h(selection.without_audio),
        hours=statistics.hours(rows, task),
        cells=statistics.cells(rows, (classes or task.facets)[-2:]),
        facets=[*classes, *([ratio] if ratio else [])],
        composition=statistics.composition(rows, task),
        recipe=_recipe(selection),
        audit=statistics.audit(selection),
        limits=statistics.limits(selection),
        licenses=statistics.license_table(rows),
        attributions=statistics.attributions(selection),
        columns=_columns(selection, with_audio=bool(selection.with_audio)),
        augmented=sum(bool(row.get("augmentation")) for row in selection.rows),
    )
    return f"---\n{_front_matter(selection, layout, configs, rows)}---\n\n{text}"


def _front_matter(
    selection: Selection, layout: Layout, configs: Sequence[Config], rows: Sequence[Row]
) -> str:
    """Return the YAML that the Hub and `load_dataset` read."""
    infos: dict[str, dict[str, Any]] = {}
    if layout.described:
        # A noise class has the columns of the default, which need not be told again.
        for config in (one for one in configs if one.is_default or not one.with_audio):
            audio: schema.Audio = "embedded" if config.with_audio else "absent"
            infos[config.name] = {
                "features": schema.features(selection.schema, selection.task, audio),
                "splits": {name: (one.rows, one.size) for name, one in config.splits.items()},
            }
    files = {
        config.name: {"data_files": config.data_files}
        | ({"default": True} if config.is_default else {})
        for config in configs
    }
    data = schema.card_metadata(files, infos)
    text = selection.task.card_text
    name = text.name if text else selection.task.title
    data["pretty_name"] = f"{name} ({selection.provenance['corpus']})"
    data["license"] = hub_licenses(rows)
    if "other" in data["license"]:
        data["license_name"] = "by-row"
        data["license_link"] = "README.md"
    data["task_categories"] = ["audio-to-audio"]
    data["tags"] = ["audio", "music", *(text.tags if text else ()), "mixtures", selection.task.name]
    data["size_categories"] = [_size(len(rows))]
    return f"{data.to_yaml()}\n"


def hub_licenses(rows: Sequence[Row]) -> list[str]:
    """Return the licences of mixtures in the Hub's words.

    >>> hub_licenses([{"license": "MIT"}, {"license": "CC-BY-SA-3.0-US"}])
    ['mit', 'other']
    """
    stated = {row["license"] for row in rows}
    return sorted({name.lower() if name in HUB_LICENSES else "other" for name in stated})


def _size(count: int) -> str:
    return next((name for bound, name in _SIZES if count < bound), _LARGEST)


def _columns(selection: Selection, *, with_audio: bool) -> statistics.Table:
    task = selection.task
    names = schema.features(selection.schema, task, "embedded" if with_audio else "absent")
    return [["column", "meaning"], *([f"`{name}`", meaning(name, task)] for name in names)]


def _recipe(selection: Selection) -> str:
    """Return the section on what a recipe is, in the task's own words if it has any."""
    task = selection.task
    if task.card_text:
        levels = statistics.definitions(selection.shown, task)
        return task.card_text.recipe.format(levels=levels)
    about = task.about(read_recipes(selection.folder / manifest.RECIPES))
    return "\n".join(
        ["## The recipe", "", task.description, "", *(f"* {line}" for line in about), ""]
    )


def _first_file(selection: Selection) -> str:
    """Return how Python takes the first audio file of a row."""
    column = selection.audio[0]
    is_list = pa.types.is_list(selection.schema.field(column).type)
    return f'["{column}"][0]' if is_list else f'["{column}"]'
