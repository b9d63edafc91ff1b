"""sc_lfsr_source and sc_sobol_source against sources.py: every width and seed's end, every dimension and length."""

from __future__ import annotations

import cocotb
import pytest

from bench import Bench, rng
from runner import TB, run
from sc_neurocore.sources import LFSR_TAPS, SOBOL_DIMENSIONS, lfsr, sobol

CLOCKS = 4096  # of the model; a window of the longest Sobol source


def model() -> dict[str, list[int]]:
    """Return the value of each output t enabled clocks after a restart, t = 0 … CLOCKS - 1."""
    fields: dict[str, list[list[int]]] = {"o_lfsr": [], "o_lfsr_top": [], "o_sobol": []}
    for n in LFSR_TAPS:
        length = 1 << n
        for name, seed in (("o_lfsr", 1), ("o_lfsr_top", length - 1)):
            # The last value of a window is the period's first again.
            period = lfsr(min(length, CLOCKS), seed)[:-1] if length <= CLOCKS else first(n, seed)
            fields[name].append([int(period[t % len(period)]) for t in range(CLOCKS)])
    for n in range(2, 13):
        for dim in range(SOBOL_DIMENSIONS):
            window = sobol(1 << n, dim).tolist()
            fields["o_sobol"].append([window[t % len(window)] for t in range(CLOCKS)])
    width = {"o_lfsr": 24, "o_lfsr_top": 24, "o_sobol": 12}
    return {
        name: [sum(f[t] << width[name] * k for k, f in enumerate(rows)) for t in range(CLOCKS)]
        for name, rows in fields.items()
    }


def first(n: int, seed: int) -> list[int]:
    """Return the first CLOCKS states of a long LFSR: the model's whole window would take its time."""
    taps, states, state = sum(1 << tap - 1 for tap in LFSR_TAPS[n]), [], seed
    for _ in range(CLOCKS):
        states.append(state)
        state = (state << 1 | (state & taps).bit_count() & 1) & (1 << n) - 1
    return states


@cocotb.test()
async def random_sources_follow_restart_and_enable(dut):
    bench, random = Bench(dut), rng()
    wanted, t = model(), 0
    await bench.start(i_restart=0, i_en=0)
    for clock in range(6000):
        # The longest window without a restart, then a random life.
        steady = clock < 4200
        en = random.random() < (0.99 if steady else 0.7)
        restart = t == CLOCKS - 1 or (not steady and random.random() < 0.02)
        rst = not steady and random.random() < 0.005
        for name, values in wanted.items():
            bench.expect(f"{name}, t = {t}", int(getattr(dut, name).value), values[t])
        dut.i_en.value, dut.i_restart.value, dut.rst.value = int(en), int(restart), int(rst)
        await bench.step()
        t = 0 if rst or restart else t + en


@pytest.mark.parametrize("seed", [1, 2])
def test_random_sources(seed: int) -> None:
    top = "tb_random_sources"
    assert run("test_random_sources", top, sources=[TB / f"{top}.v"], public_depth=1, seed=seed) == 1
