from __future__ import annotations

from typing import Any

import pytest


def test_a_player_plays_and_switching_keeps_the_position(page: Any) -> None:
    """The time advances; the estimate goes on where the mixture stopped, and only one is heard."""
    # The clip lasts 1.5 s; slowed down, it does not end before a busy machine has clicked.
    pace = "for (const sound of Object.values(deck.sounds)) sound.playbackRate = {}"
    page.run(pace.format(0.1))
    page.click(".play")
    page.wait("return deck.playing && deck.sounds.noisy.currentTime > 0.1")
    page.click("[data-layer=estimate] .what")
    page.wait("return !deck.sounds.estimate.paused")

    first = page.run("return deck.sounds.estimate.currentTime")
    assert first >= 0.1
    assert page.run("return deck.sounds.noisy.paused")
    page.wait(f"return deck.sounds.estimate.currentTime > {first}")
    page.run(pace.format(4))
    page.wait("return !deck.playing")  # at its end
    assert page.run("return Object.keys(deck.sounds)") == ["noisy", "estimate", "clean", "residual"]


def test_players_are_level_matched_until_that_is_switched_off(page: Any) -> None:
    """Level and volume add up to one loudness; without it the residual has its own."""
    script = (
        "const e = data.examples[state.example], d = denoisers[state.denoiser].name;"
        "const layers = layersOf(e, denoisers[state.denoiser]);"
        "return Object.entries(layers).map(([name, one]) =>"
        " [one.level_db + 20 * Math.log10(deck.sounds[name].volume), one.raised_db,"
        "  20 * Math.log10(deck.sounds[name].volume)])"
    )
    matched = page.run(script)
    page.click(".controls input[type=checkbox]")
    true = page.run(script)

    assert [one[0] for one in matched] == pytest.approx([matched[0][0]] * 4, abs=0.01)
    assert [one[1] + one[2] for one in true] == pytest.approx(
        [true[0][1] + true[0][2]] * 4, abs=0.01
    )
