"""Croissant: valid where `mlcroissant` judges it, whatever is published."""

from __future__ import annotations

import pytest

from mn_dataset.publish.publish import publish

pytest.importorskip("datasets", reason="the extra `publish` is not installed")
mlcroissant = pytest.importorskip("mlcroissant", reason="the judge of Croissant is not installed")

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:mlcroissant",
    "ignore::DeprecationWarning:rdflib",
    "ignore::DeprecationWarning:etils",
)


def test_croissant_is_valid_and_its_records_load(gated):
    """Offline, by mlcroissant: mixtures with their audio, the manifest, the sources."""
    described = mlcroissant.Dataset(gated / "croissant.json")

    assert not described.metadata.ctx.issues.errors
    warnings = described.metadata.ctx.issues.warnings
    assert [text for text in warnings if "datePublished" not in text] == []  # the same every day
    assert described.metadata.version == "1.0.0"
    manifest = list(described.records("manifest"))
    assert len(manifest) == 45
    assert manifest[0]["manifest/music_category"].decode() in ("piano", "cello", "song")
    assert len(list(described.records("sources"))) > 10
    mixture = next(iter(described.records("mixtures")))
    assert mixture["mixtures/noisy"].startswith(b"fLaC")


def test_croissant_of_recipes_is_valid_too(built, tmp_path):
    """Without audio, and in the other forms."""
    for name, options in {
        "recipes": {"recipe_only": True},
        "folder": {"layout": "audiofolder"},
        "tar": {"layout": "webdataset"},
    }.items():
        publish(built, tmp_path / name, **options)
        described = mlcroissant.Dataset(tmp_path / name / "croissant.json")
        assert not described.metadata.ctx.issues.errors
        assert len(list(described.records("manifest"))) == 45
