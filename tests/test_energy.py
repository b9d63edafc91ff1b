"""The energy estimate's counts against counts made another way, and its arithmetic; a board was not measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import energy
from networks_in_steps import samples, steps_network
from sc_neurocore import golden, packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.core import core_config
from sc_neurocore.hardware.estimate import clocks
from sc_neurocore.hardware.spike_clocks import spike_clocks
from sc_neurocore.network import DenseLayer, InputSpec, Network


def network() -> Network:
    """Large enough for the list of activations and the layer table to be block RAMs."""
    rng = np.random.default_rng(0)
    hidden = DenseLayer(rng.integers(-7, 8, (40, 60)), rng.integers(-7, 8, 40), theta=200)
    scores = DenseLayer(rng.integers(-7, 8, (4, 40)), rng.integers(-7, 8, 4), theta=None)
    return Network(8, (hidden, scores), InputSpec((60,), full_scale=8))


def test_counts_are_those_of_the_flip_flops_and_memories(tmp_path: Path) -> None:
    net = network()
    codes = np.random.default_rng(3).integers(0, 9, (3, 60)).astype(np.uint16)
    flops = tmp_path / "flops"
    found, scores, sizes = energy.count(net, codes, core_config(net, 2), flops=flops)
    columns = dict(zip(energy.KINDS, found.T, strict=True))
    result = golden.run(net, codes)
    assert np.array_equal(scores, result.scores)
    # The estimate counts from the last input word on.
    assert np.array_equal(columns["clocks"], clocks(net, codes, result.counts, 2) + net.input.size - 1)

    values = np.array([[c == "1" for c in line] for line in flops.read_text().split()])
    assert values.shape == (columns["clocks"][0] + 1, sizes["ffs"])
    assert columns["ff"][0] == (values[1:] != values[:-1]).sum() > 0
    assert columns["enabled"][0] >= columns["ff"][0]
    # Both are read in every clock; written is the list alone: each value that is not 0, and each layer's bias.
    assert sizes["rams"] == 2
    assert np.array_equal(columns["reads"], 2 * columns["clocks"])
    assert np.array_equal(columns["writes"], (codes > 0).sum(axis=1) + (result.counts[0] > 0).sum(axis=1) + 2)


def test_a_counter_switches_as_it_must() -> None:
    n = 4096
    found = energy.reference(n)
    each = sum(n >> k for k in range(28)) / n  # bit k of a binary counter switches every 2^k clocks
    assert found["counters1"]["ff"] == each
    assert found["counters8"]["ff"] == 8 * each
    assert found["counters1"]["ffs"] == 28
    steps = sum((k * step & 255 ^ (k + 1) * step & 255).bit_count() for step in (3, 5) for k in range(n))
    assert found["product"]["ff"] - found["counter24"]["ff"] == pytest.approx(steps / n)


def test_the_arithmetic_of_the_table() -> None:
    row = {
        "clocks": 1000, "lut": 4000, "ff": 1000, "carry": 9, "enabled": 9, "reads": 30, "writes": 10, "moved": 9,
        "luts": 9, "ffs": 100, "carries": 9, "rams": 3, "blocks": 2, "clock_mhz": 20, "memory": "SPRAM",
    }  # fmt: skip
    c = energy.Coefficients(clock=50, flop=0.01, toggle=0.5, block_ram=4, spram=8, static_mw=0.1, pll_mw=0.8)
    e = energy.energy(row, c)
    assert e.clock == pytest.approx(1000 * (50 + 1) * 1e-6)
    assert e.toggles == pytest.approx(5000 * 0.5e-6)
    assert e.memory == pytest.approx((40 * 4 + 2000 * 8) * 1e-6)
    assert (e.static, e.pll) == (pytest.approx(0.005), pytest.approx(0.04))
    assert e.total == pytest.approx(e.clock + e.toggles + e.memory + 0.045)
    on_block_ram = energy.energy(row | {"memory": "block RAM"}, c)
    assert on_block_ram.memory == pytest.approx((40 * 4 + 2000 * 4) * 1e-6)


def test_average_power_is_energy_times_rate_and_what_waits() -> None:
    row = {
        "row": "a", "clocks": 1000, "lut": 4000, "ff": 1000, "carry": 9, "enabled": 9, "reads": 3000, "writes": 10,
        "moved": 9, "luts": 9, "ffs": 100, "carries": 9, "rams": 3, "blocks": 2, "clock_mhz": 20, "memory": "SPRAM",
    }  # fmt: skip
    c = energy.Coefficients(clock=50, flop=0.01, toggle=0.5, block_ram=4, spram=8, static_mw=0.1, pll_mw=0.8)
    e, rate = energy.energy(row, c), 2000  # busy for a tenth of the time
    p = energy.power(row, c, rate)
    assert p.active == pytest.approx(rate * e.dynamic)
    assert p.waiting == pytest.approx(20e6 * 0.9 * (50 + 100 * 0.01 + 3 * 4 + 2 * 8) * 1e-6)
    assert (p.static, p.pll) == (pytest.approx(100), pytest.approx(800))
    assert p.total == pytest.approx(p.active + p.waiting + 900)
    stopped = energy.power(row, c, rate, stopped=True)
    assert (stopped.active, stopped.waiting, stopped.static) == (p.active, 0, p.static)
    assert stopped.pll == pytest.approx(80)
    # Without a pause, power is energy over time; without an inference, what an idle board takes.
    assert energy.power(row, c, 20_000).total == pytest.approx(20_000 * e.total)
    assert energy.power(row, c, 0).active == 0
    with pytest.raises(ScError, match=r"a: 20001 inferences take 1\.00 s, more than a second"):
        energy.power(row, c, 20_001)


@pytest.mark.parametrize("constant", [False, True])
def test_a_network_in_steps_is_counted_like_any_other(constant: bool) -> None:
    rng = np.random.default_rng(5)
    net = steps_network(rng, sizes=(40, 30, 3), count=3, constant=constant, edges=((0, 0, 1),))
    codes = net.encode(samples(rng, net, 2))
    found, scores, sizes = energy.count(net, codes, core_config(net, 2))
    columns = dict(zip(energy.KINDS, found.T, strict=True))
    result = packed.run(net, codes, spikes=True)
    assert np.array_equal(scores, result.scores)
    # The estimate counts from the last input word of each step on; here words come at full rate.
    more = (1 if constant else 3) * (net.input.size - 1)
    assert np.array_equal(columns["clocks"], spike_clocks(net, codes, result.spikes, 2) + more)
    assert np.array_equal(columns["reads"], sizes["rams"] * columns["clocks"])
    assert (columns["ff"] > 0).all()


def test_coefficients_give_back_the_measured_currents() -> None:
    rows = {r["design"]: {k: float(v) for k, v in r.items() if k != "design"} for r in energy.read(energy.REFERENCE)}
    c = energy.coefficients(rows)
    scale = (energy.VOLTS / energy.VCC) ** 2 * 12 / energy.VOLTS  # pJ a clock to µA at 12 MHz
    low, mid = c["low"], c["estimate"]
    one = rows["counters1"]
    current = energy.HALTED + scale * (low.clock + low.toggle * (one["lut"] + one["ff"]))
    assert current == pytest.approx(energy.EXTERNAL_12MHZ[1], rel=1e-3)
    more = {k: rows["product"][k] - rows["counter24"][k] for k in ("lut", "ff", "ffs")}
    current = scale * (mid.flop * more["ffs"] + mid.toggle * (more["lut"] + more["ff"]))
    assert current == pytest.approx(energy.INTERNAL_12MHZ_PRODUCT - energy.INTERNAL_12MHZ)
    assert low.toggle < mid.toggle < c["high"].toggle


def test_the_document_has_the_table_of_the_files() -> None:
    lines = "\n".join(energy.table(energy.read(energy.COUNTS), energy._coefficients_now()))
    assert f"<!-- table -->\n{lines}\n<!-- /table -->" in energy.DOCUMENT.read_text()
