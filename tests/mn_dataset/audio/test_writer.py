"""What is written block by block is what was given, in the form that was asked for."""

import numpy as np
import pytest
import soundfile

from mn_dataset.audio.writer import CONTAINERS, WIDTHS, Form, lossless_form, sink, wav_form
from mn_dataset.errors import OutputError
from mn_dataset.seeds import generator


def forms():
    for container in CONTAINERS:
        known = soundfile.available_subtypes(container)
        for encoding in (*WIDTHS, "FLOAT", "DOUBLE"):
            if encoding in known:
                yield Form(container, encoding)


def samples_for(form, channels):
    """Samples of every value that the form has, int32 aligned left or floating point."""
    words = generator(0, "sink").words(500 * channels).reshape(500, channels)
    if form.bits is None:
        return (3 * (words / 2.0**63 - 1)).astype(form.dtype)
    lost = np.uint64(32 - form.bits)
    return (words >> np.uint64(32) >> lost << lost).astype(np.uint32).view(np.int32)


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("form", [*forms()], ids=str)
def test_every_sample_comes_back(tmp_path, form, channels):
    """In every container and encoding that is called lossless."""
    samples, path = samples_for(form, channels), tmp_path / "a"
    with sink(path, form, sampling_rate=48_000, channels=channels, meant_for=path) as write:
        write(samples[:7])
        write(samples[7:])

    found, rate = soundfile.read(path, dtype=str(form.dtype), always_2d=True)
    facts = soundfile.info(path)

    np.testing.assert_array_equal(found, samples)
    assert (rate, facts.format, facts.subtype) == (48_000, form.container, form.encoding)
    assert lossless_form(facts.format, facts.subtype) == form


@pytest.mark.parametrize(
    ("container", "encoding"),
    [("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"), ("WAV", "ULAW"), ("CAF", "ALAC_16"), ("", "")],
)
def test_what_is_lossy_or_foreign_has_no_form_to_keep(container, encoding):
    """Written again it would lose again; of ALAC, libsndfile's encoder loses samples."""
    assert lossless_form(container, encoding) is None


def test_what_a_wav_cannot_hold_becomes_rf64():
    """Its sizes have 32 bits."""
    assert wav_form("PCM_16", frames=2**30 - 2**13, channels=2).container == "RF64"
    assert wav_form("PCM_24", frames=2**29, channels=2).container == "WAV"
    assert wav_form("FLOAT", frames=None, channels=2).container == "WAV"


def test_a_file_that_cannot_be_written_is_known_by_its_final_name(tmp_path):
    """Not by that of its temporary."""
    form, final = Form("WAV", "PCM_16"), tmp_path / "final.wav"
    options = {"sampling_rate": 8_000, "channels": 1, "meant_for": final}

    for path in (tmp_path / "no" / "folder", tmp_path):
        with pytest.raises(OutputError, match=r"final\.wav"), sink(path, form, **options):
            pass
