from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset import seeds
from mn_dataset.audio import level, segment
from mn_dataset.audio.level import round_gain
from mn_dataset.audio.response import (
    MAX_PEAK,
    MAX_SCALE_BITS,
    RESPONSES_FILE,
    Response,
    apply,
    quantise,
    read_responses,
    scaled,
    validate,
    write_responses,
)
from mn_dataset.errors import InputError, RecipeError


def response(taps, scale_bits: int = 15, name: str = "hall", **changes) -> Response:
    fields = {"provenance": "drawn by hand for a test"} | changes
    return Response(name, np.array(taps, np.int16), scale_bits, **fields)


def texture(name: str, count: int) -> np.ndarray:
    words = seeds.generator(0, "response texture", name).words(count)
    return (words % np.uint64(65_536)).astype(np.uint16).view(np.int16)


def decaying(count: int) -> np.ndarray:
    """A room without a logarithm in it: halves every 2000 taps, the same on every platform."""
    noise = texture("room", count).astype(np.float64) / 65_536
    noise /= 2.0 ** (np.arange(count) // 2_000)
    noise[0] = 1.0
    return noise


@given(
    st.lists(
        st.floats(-30_000, 30_000).filter(lambda value: value == 0 or abs(value) > 1e-9),
        min_size=1,
        max_size=40,
    ).filter(any)
)
@settings(max_examples=200, deadline=None)
def test_amplitudes_are_rounded_at_the_finest_scale_that_holds_them(amplitudes):
    """To half a step; one bit more would leave 16 bits."""
    quantised = quantise(amplitudes, name="any", provenance="hypothesis")
    step = Fraction(1, 2**quantised.scale_bits)

    for amplitude, tap in zip(amplitudes, quantised.taps.tolist(), strict=True):
        assert abs(Fraction(amplitude) - tap * step) <= step / 2
    finer = [round(Fraction(amplitude) / (step / 2)) for amplitude in amplitudes]
    assert max(finer) > 32_767 or min(finer) < -32_768 or quantised.scale_bits == MAX_SCALE_BITS


@pytest.mark.parametrize(
    ("amplitudes", "taps", "scale_bits"),
    [
        ([1.0], [16_384], 14),
        ([-1.0], [-32_768], 15),
        ([1.0 - 2.0**-17], [16_384], 14),
        ([0.5], [16_384], 15),
        ([2.5 * 2.0**-15, 0.5, 1.5 * 2.0**-15], [2, 16_384, 2], 15),
        ([32_767.0], [32_767], 0),
        ([2.0**-50], [1_024], 60),
    ],
)
def test_rounding_at_the_ends_of_the_range_is_as_promised(amplitudes, taps, scale_bits):
    """−1 fits where 1 does not; halves go to even; below 2**-45 the scale ends."""
    quantised = quantise(amplitudes, name="edge", provenance="by hand")

    assert quantised.taps.tolist() == taps
    assert quantised.scale_bits == scale_bits
    assert quantised.amplitudes.tolist() == [tap * 2.0**-scale_bits for tap in taps]


@pytest.mark.parametrize(
    ("amplitudes", "message"),
    [
        ([], "there are 0 taps"),
        ([0.0, 0.0], "all taps are 0"),
        ([1e-30], "all taps are 0"),
        ([1.0, float("nan")], r"shape \(2,\) and are not all finite; expected finite numbers"),
        ([[1.0, 0.5]], r"shape \(1, 2\); expected"),
        ([40_000.0], "largest amplitude is 40000; expected at most 32767"),
    ],
)
def test_amplitudes_that_are_no_response_are_refused(amplitudes, message):
    """None, silence, no numbers, channels, more than 16 bits."""
    with pytest.raises(RecipeError, match=f"response 'bad': .*{message}"):
        quantise(amplitudes, name="bad", provenance="by hand")


def test_a_layer_sounds_through_its_response_after_its_delay():
    """Nothing is heard before the segment, and nothing after its end."""
    echo = response([4, 0, -2], scale_bits=2)
    dry = np.array([100, 200, -300, 5], np.int16)

    assert apply(dry, echo).tolist() == [100.0, 200.0, -350.0, -95.0]
    assert apply(dry, echo, delay=1).tolist() == [0.0, 100.0, 200.0, -350.0]
    assert apply(dry, echo, delay=3).tolist() == [0.0, 0.0, 0.0, 100.0]
    assert apply(dry, None, delay=2).tolist() == [0.0, 0.0, 100.0, 200.0]


def test_a_response_longer_than_the_layer_is_heard_as_far_as_the_layer_goes():
    """The taps that no sample of the layer reaches do not matter."""
    dry, taps = texture("dry", 500), texture("taps", 2_000)

    heard, shorter = apply(dry, response(taps)), apply(dry, response(taps[:500]))

    assert heard.tobytes() == shorter.tobytes()


def test_values_are_exact_below_whole_numbers():
    """Sums times a power of two, as fractions know them."""
    dry, taps = texture("dry", 300), texture("taps", 50)
    sums = np.convolve(dry.astype(np.int64), taps.astype(np.int64))[:300]

    values = apply(dry, response(taps, scale_bits=33))

    assert [Fraction(value) for value in values.tolist()] == [
        Fraction(total, 2**33) for total in sums.tolist()
    ]


@given(st.integers(-(2**45), 2**45), st.integers(25, 60), st.floats(1e-4, 4.0))
@settings(max_examples=300, deadline=None)
def test_a_gain_is_one_correctly_rounded_product_and_halves_go_to_even(total, scale_bits, gain):
    """As Python's fractions round: to float64 once, then to a whole number."""
    value, gain = total * 2.0**-scale_bits, round_gain(gain)
    product = float(Fraction(total, 2**scale_bits) * Fraction(gain))

    if abs(product) > MAX_PEAK:
        with pytest.raises(OverflowError, match="beyond 2097152"):
            scaled(np.array([value]), gain)
    else:
        assert scaled(np.array([value]), gain).tolist() == [round(Fraction(product))]


def test_the_samples_of_a_layer_in_a_room_never_change():
    """A golden hash over response, looped segment, delay, gain and rounding."""
    hall = quantise(decaying(30_000), name="hall", provenance="texture")
    period = segment.loop(texture("recording", 60_000), segment.FADE)
    looped = segment.cut(period, 1_000, 150_000, periodic=True)

    samples = scaled(apply(looped, hall, delay=441), round_gain(0.01)).astype("<i2")

    assert (
        hashlib.sha256(samples.tobytes()).hexdigest()
        == "085fcb3577bc3a3ea55a047985bebe35c35b9e21785a2c6463bddee203842d5c"
    )


def test_the_energy_of_what_is_heard_adds_up_exactly():
    """Also where the response lifts it beyond 16 bits, up to 36 dB."""
    loud = response([1_500], scale_bits=5)
    dry = np.full(2_500, -32_768, np.int16)
    dry[::3] = 32_767

    heard = scaled(apply(dry, loud), 1.0)

    assert heard.min() < -(2**20)
    assert level.measure(heard).energy == sum(value**2 for value in heard.tolist())
    assert level.peak(heard) == 1_536_000


@pytest.mark.parametrize("delay", [-1, 4, 99])
def test_a_delay_that_leaves_nothing_is_refused(delay):
    """And so is one into the past."""
    with pytest.raises(RecipeError, match=f"the delay is {delay} samples; expected 0 to 3"):
        apply(np.ones(4, np.int16), None, delay=delay)


def test_a_response_that_lifts_a_layer_out_of_reach_is_refused():
    """By more than 36 dB above full scale, where energies would no longer be exact."""
    with pytest.raises(RecipeError, match="'hall': it lifts a segment to a peak of 65536000 LSB"):
        apply(np.array([2_000], np.int16), response([-32_768], scale_bits=0))


def test_responses_come_back_from_their_table(tmp_path):
    """In the order of their names, the same taps, scale and provenance."""
    path = tmp_path / RESPONSES_FILE
    hall = quantise(decaying(9_000), name="hall/α", provenance="texture, seed 0")
    click = response([-32_768, 32_767], scale_bits=0, name="click")

    write_responses(path, [hall, click])
    back = read_responses(path)

    assert list(back) == ["click", "hall/α"]
    for written in (hall, click):
        read = back[written.name]
        assert read.taps.dtype == np.int16
        assert read.taps.tolist() == written.taps.tolist()
        assert (read.scale_bits, read.provenance) == (written.scale_bits, written.provenance)


def test_the_bytes_of_the_table_depend_on_the_responses_alone(tmp_path):
    """Not on their order, nor on what came before in the file."""
    responses = [response([number], name=f"room {number}") for number in range(1, 9)]
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    second.write_bytes(b"stale")

    write_responses(first, responses)
    write_responses(second, reversed(responses))

    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (response([1], name=""), "not a name"),
        (response([1], name=" hall"), "without blanks at the ends"),
        (response([1], name="ha\nll"), "not a name"),
        (response([1], provenance=" "), "the provenance is empty"),
        (response([]), "there are 0 taps; expected 1 to 8388607"),
        (response([[1]]), r"int16 of shape \(1, 1\)"),
        (Response("hall", np.ones(3, np.int32), 0, "x"), "the taps are int32"),
        (response([0, 0]), "all taps are 0"),
        (response([1], scale_bits=61), "the scale is 61 bits; expected 0 to 60"),
        (response([1], scale_bits=-1), "the scale is -1 bits"),
    ],
)
def test_a_response_that_is_not_valid_is_neither_used_nor_written(tmp_path, wrong, message):
    """The message names the file, the response, what was found and what was expected."""
    path = tmp_path / RESPONSES_FILE

    with pytest.raises(RecipeError, match=f"^response .*{message}"):
        validate(wrong)
    with pytest.raises(RecipeError, match=f"{path}: response .*{message}"):
        write_responses(path, [wrong])
    assert not path.exists()


def test_two_responses_of_one_name_are_refused(tmp_path):
    """On the way out and on the way in."""
    path = tmp_path / RESPONSES_FILE
    with pytest.raises(RecipeError, match="the response 'hall' stands there twice"):
        write_responses(path, [response([1]), response([2])])

    write_responses(path, [response([1])])
    table = pq.read_table(path)
    pq.write_table(pa.concat_tables([table, table]), path)

    with pytest.raises(RecipeError, match=f"{path}: the response 'hall' stands there twice"):
        read_responses(path)


def column(table: pa.Table, name: str, values: list, kind: pa.DataType) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values, kind))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t: t.drop_columns(["scale"]), "the columns are name string, taps .*; expected"),
        (lambda t: t.append_column("more", pa.array([1])), "more int64; expected"),
        (lambda t: column(t, "taps", [[1.5]], pa.list_(pa.float64())), "element: double|item: d"),
        (lambda t: column(t, "name", [None], pa.string()), "the column 'name' has empty cells"),
        (lambda t: column(t, "taps", [[1, None]], pa.list_(pa.int16())), "'hall': a tap is empty"),
        (lambda t: column(t, "taps", [[0]], pa.list_(pa.int16())), "'hall': all taps are 0"),
        (lambda t: column(t, "scale", [99], pa.int32()), "'hall': the scale is 99 bits"),
    ],
)
def test_a_table_that_is_something_else_is_refused(tmp_path, damage, message):
    """By its columns, its empty cells or its values, naming the file."""
    path = tmp_path / RESPONSES_FILE
    write_responses(path, [response([1])])
    pq.write_table(damage(pq.read_table(path)), path)

    with pytest.raises(RecipeError, match=f"{path}: .*({message})"):
        read_responses(path)


def test_a_missing_or_damaged_table_is_the_users_fault(tmp_path):
    """And is named."""
    path = tmp_path / RESPONSES_FILE
    with pytest.raises(InputError, match="no such file"):
        read_responses(path)

    path.write_bytes(b"PAR1")

    with pytest.raises(InputError, match="not readable as Parquet"):
        read_responses(path)
