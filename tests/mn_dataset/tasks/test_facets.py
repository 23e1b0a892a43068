from __future__ import annotations

from mn_dataset.tasks.facets import MOST_LABELS, Facet

SNR = Facet("snr_db", "SNR", "SNRs", numeric=True)
CLASS = Facet("noise_class", "noise class", "noise classes", ("traffic", "crowd"), header="class")


def test_few_numbers_are_named_and_many_are_told_in_steps():
    """One more than a grid holds makes steps of five."""
    numbers = [float(number) for number in range(-6, MOST_LABELS - 6)]

    assert SNR.names(numbers) == [f"{number:g}" for number in numbers]
    assert SNR.names([*numbers, 9.99])[-1] == "5..10"
    assert SNR.names([*numbers, 9.99])[0] == "-10..-5"


def test_numbers_are_ordered_as_numbers_and_words_as_the_task_has_them():
    """A word that the task does not know comes last."""
    assert SNR.ordered(["10", "-5", "0", "10"]) == ["-5", "0", "10"]
    assert SNR.ordered(["5..10", "-5..0"]) == ["-5..0", "5..10"]
    assert CLASS.ordered(["hum", "crowd", "traffic"]) == ["traffic", "crowd", "hum"]


def test_a_short_header_is_the_title_unless_it_is_given():
    """As on cards."""
    assert (SNR.short, CLASS.short) == ("SNR", "class")
