"""The estimate: clocks equal those of the RTL image by image; memories and refusals; the area model's own claims."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import estimate_fit
from networks_in_steps import samples, steps_network
from sc_neurocore import artifact, packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import estimate, rtl_sim
from sc_neurocore.hardware.boards import BOARDS, board
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.hardware.spike_clocks import spike_clocks, worst_clocks
from sc_neurocore.hardware.spike_image import SpikeConfig
from sc_neurocore.network import DenseLayer, InputSpec, Network

ICEBREAKER = BOARDS["icebreaker"]


def random_network(
    rng: np.random.Generator, shape: tuple[int, ...], length: int, theta: tuple[int, int] = (1, 600)
) -> Network:
    top = length - 1
    layers = [
        DenseLayer(
            rng.integers(-top, top + 1, (n, m)),
            rng.integers(-top, top + 1, n),
            int(rng.integers(*theta)) if k < len(shape) - 2 else None,
        )
        for k, (m, n) in enumerate(pairwise(shape))
    ]
    return Network(length, tuple(layers), InputSpec((shape[0],), full_scale=length))


def sparse_codes(rng: np.random.Generator, images: int, inputs: int, length: int) -> np.ndarray:
    density = rng.random((images, 1))
    codes = rng.integers(0, length + 1, (images, inputs)) * (rng.random((images, inputs)) < density)
    codes[0] = 0  # nothing but the bias is visited
    codes[1] = length
    return codes


@pytest.mark.parametrize(("length", "lanes", "mac"), [(16, 3, 0), (8, 1, 0), (32, 4, 0), (16, 3, 1)])
def test_clocks_equal_the_rtl_image_by_image(length: int, lanes: int, mac: int) -> None:
    # One compiled engine, larger than each network, serves many shapes.
    log2l = length.bit_length() - 1
    config = EngineConfig(log2l, lanes, frac=4, log2_entries=6, weight_aw=12, table_aw=4, mac=mac)
    rng = np.random.default_rng(length + lanes + 100 * mac)
    compared = 0
    for _ in range(6):
        shape = tuple(int(n) for n in rng.integers(1, 40, int(rng.integers(2, 5))))
        network = random_network(rng, shape, length, (1, 40) if rng.random() < 0.5 else (100, 1000))
        codes = sparse_codes(rng, 24, shape[0], length)
        result = rtl_sim.run(network, codes, config=config)
        counts = estimate.counts_mac(network, codes) if mac else packed.run(network, codes).counts
        for mine, theirs in zip(counts, result.counts, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        found = estimate.clocks(network, codes, counts, lanes)
        np.testing.assert_array_equal(found, result.clocks, err_msg=f"shape {shape}")
        compared += len(found)
    assert compared == 6 * 24


def test_clocks_refuse_counts_of_another_network() -> None:
    rng = np.random.default_rng(0)
    network = random_network(rng, (4, 3, 2), 8)
    with pytest.raises(ScError, match=r"counts must have shapes \[\(2, 3\)\], got \[\(2, 4\)\]"):
        estimate.clocks(network, np.zeros((2, 4), dtype=int), [np.zeros((2, 4), dtype=int)], 2)
    with pytest.raises(ScError, match=r"lanes must be in \[1, 64\], got 0"):
        estimate.clocks(network, np.zeros((2, 4), dtype=int), [np.zeros((2, 3), dtype=int)], 0)


def test_mean_clocks_over_given_samples_is_the_mean_of_the_exact_ones() -> None:
    rng = np.random.default_rng(3)
    network = random_network(rng, (12, 9, 4), 16)
    codes = sparse_codes(rng, 20, 12, 16)
    mean, over = estimate.mean_clocks(network, 3, samples=codes)  # full scale L: samples are codes
    assert over == "20 images of the given samples"
    assert mean == estimate.clocks(network, codes, packed.run(network, codes).counts, 3).mean()


def test_without_data_the_bound_is_above_every_image() -> None:
    rng = np.random.default_rng(4)
    network = random_network(rng, (40, 30, 10), 8, (200, 400))
    codes = np.full((1, 40), 8)
    bound, over = estimate.mean_clocks(network, 2)
    assert "upper estimate" in over
    assert bound >= estimate.clocks(network, codes, packed.run(network, codes).counts, 2)[0]


def test_unknown_board_lists_the_known_ones() -> None:
    with pytest.raises(ScError, match=r"board must be one of arty-a7, .*, ulx3s-85f, got 'de10'"):
        board("de10")


@pytest.mark.parametrize(
    ("shape", "length", "lanes", "weights", "rams", "large"),
    [
        ((64, 32, 10), 32, None, "block RAM", 1 + 1 + 1 + 6, 0),
        ((196, 128, 10), 16, None, "SPRAM", 1 + 2 + 1, 1),
        ((196, 128, 10), 16, 6, "SPRAM", 1 + 2 + 1, 2),
        ((784, 128, 10), 16, None, "SPRAM", 1 + 8 + 2, 4),
    ],
)
def test_plan_puts_weights_where_they_fit(
    shape: tuple[int, ...], length: int, lanes: int | None, weights: str, rams: int, large: int
) -> None:
    network = random_network(np.random.default_rng(0), shape, length)
    found = estimate.plan(network, ICEBREAKER, lanes=lanes)
    assert (found.weights, found.rams, found.large_rams) == (weights, rams, large)


@pytest.mark.parametrize(("length", "lanes"), [(4, 5), (8, 4), (16, 3), (32, 2), (64, 2), (128, 2), (256, 1)])
def test_default_lanes_fill_an_spram_word(length: int, lanes: int) -> None:
    network = random_network(np.random.default_rng(0), (10, 8, 6), length)
    assert estimate.default_lanes(network, ICEBREAKER) == lanes


def test_plan_names_the_memory_that_is_short_and_by_how_much() -> None:
    network = random_network(np.random.default_rng(0), (784, 300, 10), 16)
    with pytest.raises(
        ScError,
        match=r"of 15 bits, in \d+ block RAMs \(\d+ short on icebreaker\) or 8 SPRAM blocks \(4 short\); no number",
    ):
        estimate.plan(network, ICEBREAKER)


def test_plan_refuses_more_logic_than_the_board_has() -> None:
    network = random_network(np.random.default_rng(0), (30, 40, 5), 256)
    with pytest.raises(
        ScError, match=r"needs about \d+ logic cells, icebreaker has 5280: \d+ short; would fit: 1 to \d+ lanes"
    ):
        estimate.plan(network, ICEBREAKER, lanes=20)


def points() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(estimate.AREA_MODEL.read_text())["points"]
    return found


def test_plan_tries_every_number_of_lanes() -> None:
    # Fewer groups of channels may take less memory: sums of 5 and 6 lanes need 1,024 words, of 7 only 512.
    network = artifact.load(estimate_fit.NETWORKS / "mnist-conv")
    with pytest.raises(ScError, match=r"needs 31: 1 short; would fit: 1 to 4, 7 to 9 lanes"):
        estimate.plan(network, ICEBREAKER, lanes=5, mac=True)


def test_area_model_has_a_fit_for_each_family_and_engine() -> None:
    fits = json.loads(estimate.AREA_MODEL.read_text())["fits"]
    wanted = {b.family: {"dense", "conv"} for b in BOARDS.values()}
    # Networks in steps were built for the iCE40 only.
    assert {f: set(engines) for f, engines in fits.items()} == wanted | {"ice40": {"dense", "conv", "spike"}}


def test_area_model_states_the_error_that_its_points_show() -> None:
    for family, engines in json.loads(estimate.AREA_MODEL.read_text())["fits"].items():
        for engine, fits in engines.items():
            mine = [p for p in points() if estimate_fit.group(p) == (family, engine)]
            by_engine = {"dense": estimate.DENSE_TERMS, "conv": estimate.CONV_TERMS, "spike": estimate.SPIKE_TERMS}
            terms = by_engine[engine]
            assert len(mine) > len(terms)
            configs = [estimate_fit.config_of(p) for p in mine]
            assert {estimate.area_kind(c) for c in configs} == {engine}
            assert {len(estimate.area_terms(c, family)) for c in configs} == {len(terms)}
            for what in ("lcs", "lut", "ff"):
                guesses = [estimate.area(c, family)[what] for c in configs]
                errors = [100 * abs(g / p[what] - 1) for g, p in zip(guesses, mine, strict=True)]
                stated = fits[what]
                assert np.mean(errors) == pytest.approx(stated["fit_mean_percent"], abs=0.06)
                assert max(errors) == pytest.approx(stated["fit_worst_percent"], abs=0.06)
                assert stated["left_out_worst_percent"] >= stated["fit_worst_percent"] - 0.1
            # Else the model is of no use.
            assert fits["lcs"]["left_out_mean_percent"] <= 10
            assert fits["lcs"]["left_out_worst_percent"] <= 20


def test_points_are_the_cases_of_the_sweep() -> None:
    wanted = [(b, e, c) for b, engines in estimate_fit.BOARDS.items() for e, cases in engines.items() for c in cases]
    found = [(p["board"], p["engine"], estimate_fit.case_of(p)) for p in points()]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))


def test_measured_memories_are_those_planned() -> None:
    for p in points():
        case = estimate_fit.case_of(p)
        mac = isinstance(case, estimate_fit.Case) and case.mac
        found = estimate.plan(estimate_fit.network_of(case), BOARDS[p["board"]], lanes=case.lanes, mac=mac)
        assert asdict(found.config) == p["config"]
        assert estimate.is_point(found.config, BOARDS[p["board"]].family)
        # Elsewhere than on the iCE40 a small memory may become LUTs.
        least = found.rams - 1 if p["board"] == "icebreaker" else 0
        assert least <= p["bram"] <= found.rams
        assert found.large_rams == p["spram"]


def test_a_core_that_was_not_built_is_no_point() -> None:
    assert not estimate.is_point(EngineConfig(4, 63), "ice40")


@pytest.mark.parametrize("mac", [False, True])
@pytest.mark.parametrize("family", ["ice40", "ecp5", "xc7"])
def test_more_of_anything_never_costs_less(family: str, mac: bool) -> None:
    for config in (EngineConfig(4, 3, mac=int(mac)), ConvConfig(4, 3, sum_w=16, mac=int(mac))):
        cells = estimate.area(config, family)["lcs"]
        for name in ("lanes", "frac", "weight_aw"):
            assert estimate.area(replace(config, **{name: getattr(config, name) + 1}), family)["lcs"] >= cells


def test_more_of_anything_never_costs_less_in_steps() -> None:
    config = SpikeConfig(log2l=4, lanes=3)
    for name in ("lanes", "log2l", "log2_entries", "weight_aw", "state_aw", "width", "neuron", "leak_mode"):
        more = replace(config, **{name: getattr(config, name) + 1})
        assert estimate.area(more, "ice40")["lcs"] >= estimate.area(config, "ice40")["lcs"]


def test_a_network_in_steps_has_clocks_of_a_step_and_their_worst() -> None:
    rng = np.random.default_rng(1)
    network = steps_network(rng, count=6, edges=((0, 0, 1),))
    codes = samples(rng, network, 10)
    found = estimate.estimate(network, "icebreaker", 3, samples=codes)
    mean = spike_clocks(network, codes, packed.run(network, codes, spikes=True).spikes, 3).mean()
    worst = worst_clocks(network, 3)
    assert found.clocks_per_inference == pytest.approx(mean, abs=0.06)
    assert (found.steps, found.clocks_worst) == (6, worst)
    assert found.clocks_per_step == pytest.approx(mean / 6, abs=0.06)
    assert found.clocks_per_step_worst == pytest.approx(worst / 6, abs=0.06)
    assert found.clock_mhz is not None
    assert found.latency_worst_us == pytest.approx(worst / found.clock_mhz, abs=0.01)
    assert found.lcs == round(estimate.area(estimate.plan(network, ICEBREAKER, lanes=3).config, "ice40")["lcs"])
    assert list(found.to_table())[-1] == "latency_worst_us"
    # Where no such core was built, what is exact is said, and the cells are not guessed.
    other = estimate.estimate(network, "orangecrab", 3, samples=codes)
    assert (other.lcs, other.lut, other.error_percent, other.fmax_mhz) == (None, None, None, None)
    assert (other.clocks_worst, other.bram > 0) == (worst, True)
    assert "no build of the spike engine was timed" in other.fmax_over
    json.dumps(other.to_json())
    # A network of one window has no steps.
    plain = estimate.estimate(random_network(rng, (12, 9, 4), 16), "icebreaker")
    assert (plain.steps, plain.clocks_worst) == (None, None)
    assert "steps" not in plain.to_table()


def test_the_documented_costs_are_those_of_the_model() -> None:
    document = estimate_fit.DOCUMENT.read_text()
    for name, lines in estimate_fit.tables().items():
        assert f"<!-- {name} -->\n" + "\n".join(lines) + f"\n<!-- /{name} -->" in document


def test_estimate_is_plain_json() -> None:
    network = random_network(np.random.default_rng(0), (196, 128, 10), 16)
    found = estimate.estimate(network, "icebreaker").to_json()
    assert json.loads(json.dumps(found)) == found
    assert (found["bram"], found["spram"], found["lanes"]) == (4, 1, 3)
    assert found["latency_us"] == pytest.approx(found["clocks_per_inference"] / found["clock_mhz"], abs=0.01)
