"""A password or token in the address of a mirror goes to the mirror and nowhere else."""

from __future__ import annotations

import pytest

from mn_dataset.fetch.report import report_path, write_report


@pytest.mark.parametrize(
    "secret", ["http://anna:hush@{server}", "http://{server}?token=hush", "http://hush@{server}/"]
)
@pytest.mark.parametrize("fault", ["404", "500", "flipped", "claim", "length", "redirect"])
def test_a_secret_of_a_mirror_stays_out_of_report_and_account(get, mirror, secret, fault):
    """Whatever goes wrong."""
    origin = secret.format(server=mirror.url.removeprefix("http://"))
    for name in ("owner/music/b.wav", "other/sounds/rain.flac"):
        mirror.faults[name] = fault

    report = get(origin=origin)
    write_report(report)

    told = "\n".join(
        [*report.lines(), str(report.as_dict()), report_path(report.corpus).read_text()]
    )
    assert not report.complete
    assert "hush" not in told
    assert "anna" not in told


def test_the_token_of_a_mirror_is_sent_behind_every_path(get, mirror):
    """As the server expects it."""
    report = get(origin=f"{mirror.url}/?token=hush")

    assert report.complete
    assert set(mirror.queries) == {"token=hush"}
