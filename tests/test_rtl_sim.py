"""The `rtl` back end equals the golden model, and a simulation that goes wrong is an error with the file's name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from networks import integer_network, random_codes, random_network
from sc_neurocore import golden
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import rtl_sim
from sc_neurocore.hardware.estimate import clocks
from sc_neurocore.hardware.image import engine_config
from sc_neurocore.result import Result
from strategies import DENSE_ENGINE

pytestmark = pytest.mark.usefixtures("kept_simulators")


def assert_equal(got: Result, wanted: Result) -> None:
    assert np.array_equal(got.scores, wanted.scores)
    assert len(got.counts) == len(wanted.counts)
    for x, y in zip(got.counts, wanted.counts, strict=True):
        assert np.array_equal(x, y)


ROOMY = DENSE_ENGINE


@pytest.mark.parametrize("stall_seed", [0, 1, 99])
@pytest.mark.parametrize("shape", [(40, 12, 5), (3, 1), (9, 10, 1, 7, 2)])
def test_rtl_equals_golden_on_an_engine_larger_than_the_network(shape: tuple[int, ...], stall_seed: int) -> None:
    random = np.random.default_rng([stall_seed, *shape])
    network = random_network(random, 16, shape)
    codes = random_codes(random, network, 12)
    seen: list[tuple[int, int]] = []
    result = rtl_sim.run(
        network, codes, config=ROOMY, stall_seed=stall_seed, jobs=2, progress=lambda *a: seen.append(a)
    )
    assert_equal(result, golden.run(network, codes))
    assert seen[-1] == (12, 12)
    if not stall_seed:
        assert result.clocks is not None
        assert np.array_equal(result.clocks, clocks(network, codes, result.counts, ROOMY.lanes))


@pytest.mark.parametrize(("length", "lanes"), [(4, 5), (64, 2)])
def test_rtl_equals_golden_on_the_smallest_engine(length: int, lanes: int) -> None:
    random = np.random.default_rng([length, lanes])
    network = random_network(random, length, (15, 8, 4))
    codes = random_codes(random, network, 10)
    assert_equal(rtl_sim.run(network, codes, lanes=lanes, stall_seed=5), golden.run(network, codes))


def test_mac_equals_the_plain_integer_network() -> None:
    random = np.random.default_rng(3)
    for shape in ((20, 9, 4), (20, 6, 5, 4)):
        network = random_network(random, 16, shape)
        codes = random_codes(random, network, 12)
        config = replace(ROOMY, mac=1)
        assert_equal(rtl_sim.run(network, codes, config=config), integer_network(network, codes))


DAMAGE = {
    "missing": lambda path: path.unlink(),
    "short": lambda path: path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1])),
    "long": lambda path: path.write_text(path.read_text() + "0\n"),
    "malformed": lambda path: path.write_text("nothing\n" + path.read_text()),
}


@pytest.mark.parametrize("name", ["weights.mem", "table.mem"])
@pytest.mark.parametrize("case", DAMAGE)
def test_a_bad_memory_file_fails_the_run_and_is_named(case: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_network(np.random.default_rng(1), 16, (5, 3))
    write = rtl_sim.write_core_image

    def damaged(network: object, config: object, folder: Path) -> object:
        paths = write(network, config, folder)  # type: ignore[arg-type]
        DAMAGE[case](folder / name)
        return paths

    monkeypatch.setattr(rtl_sim, "write_core_image", damaged)
    with pytest.raises(ScError, match=rf"(?s)the RTL simulation failed.*{name}"):
        rtl_sim.run(network, random_codes(np.random.default_rng(0), network, 3), config=ROOMY)


def test_a_network_that_does_not_fit_the_engine_is_refused() -> None:
    network = random_network(np.random.default_rng(1), 16, (64, 3))
    with pytest.raises(ScError, match=r"short of 1 inputs or neurons in a layer \(64 of 63\)"):
        rtl_sim.run(network, np.zeros((1, 64), dtype=int), config=ROOMY)
    with pytest.raises(ScError, match=r"input codes must be in \[0, 16\], got 0 … 17"):
        rtl_sim.run(network, [[0] * 63 + [17]], config=engine_config(network, 2))


def test_a_large_engine_compiles() -> None:
    """Verilator splits the code of a large design, which takes another way through its makefile."""
    network = random_network(np.random.default_rng(2), 128, (6, 20, 3))
    codes = random_codes(np.random.default_rng(3), network, 3)
    assert_equal(rtl_sim.run(network, codes, lanes=4), golden.run(network, codes))
