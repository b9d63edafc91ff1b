"""Fmax before place and route: committed builds lie in the stated band; a core that was not timed is not guessed."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import board_table
import estimate_fit
from sc_neurocore import artifact
from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import estimate, timing
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.network import Network
from sc_neurocore.paths import hdl_root

MODEL: dict[str, Any] = json.loads(estimate.AREA_MODEL.read_text())
BUILDS: list[dict[str, Any]] = [p for p in MODEL["points"] + MODEL["timed"] if p["fmax_mhz"] is not None]
FITS = [(family, engine) for family, engines in MODEL["timing"].items() for engine in engines]
NETWORKS = sorted(p.parent for p in estimate_fit.NETWORKS.glob("*/network.json"))
# 196-128-10 at L = 128 with 2 lanes: the iCEBreaker's fastest clock is 30 MHz, a build reaches 18.
LONG = estimate_fit.Case(estimate_fit.MLP, 128, 2)


def of(family: str, engine: str) -> list[dict[str, Any]]:
    """Return the builds behind a fit: those of grades that it knows."""
    grades = MODEL["timing"][family][engine]["grades"]
    mine = [p for p in BUILDS if estimate_fit.group(p) == (family, engine)]
    return [p for p in mine if BOARDS[p["board"]].grade in grades]


def timed(point: dict[str, Any]) -> timing.Timing:
    where = BOARDS[point["board"]]
    return timing.timing(MODEL["timing"], point["engine"], estimate_fit.config_of(point), where, point["spram"])


def network_of(case: estimate_fit.Case) -> Network:
    return estimate_fit.random_network(case.shape, case.length, case.frac)


def test_there_is_a_fit_for_both_engines_of_each_family_that_is_routed_here() -> None:
    engines = {(f, e) for f in ("ice40", "ecp5") for e in ("dense", "conv")}
    # Networks in steps were built for one board only.
    assert set(FITS) == engines | {("ice40", "spike")}
    assert set(MODEL["timing"]["ice40"]["spike"]["grades"]) == {"UP5K"}
    grades = {b.family: {c.grade for c in BOARDS.values() if c.family == b.family} for b in BOARDS.values()}
    for family, engine in engines:
        assert set(MODEL["timing"][family][engine]["grades"]) == grades[family]


@pytest.mark.parametrize(("family", "engine"), FITS)
def test_every_committed_build_lies_in_the_stated_band(family: str, engine: str) -> None:
    for p in of(family, engine):
        found = timed(p)
        assert found.low_mhz is not None
        assert found.high_mhz is not None
        assert found.low_mhz <= p["fmax_mhz"] <= found.high_mhz, p


@pytest.mark.parametrize(("family", "engine"), FITS)
def test_the_model_is_what_its_builds_give(family: str, engine: str) -> None:
    fit, mine = MODEL["timing"][family][engine], of(family, engine)
    again = estimate_fit.fit_timing(mine)
    for name in ("control", "lane"):
        np.testing.assert_allclose(again[name], fit[name], atol=1e-3)
    for grade, stated in fit["errors"].items():
        np.testing.assert_allclose(again["grades"][grade], fit["grades"][grade], atol=1e-3)
        errors = [abs(estimate_fit.fmax_error(fit, p)) for p in mine if BOARDS[p["board"]].grade == grade]
        assert len(errors) == stated["builds"]
        assert np.mean(errors) == pytest.approx(stated["fit_mean_percent"], abs=0.1)
        assert max(errors) == pytest.approx(stated["fit_worst_percent"], abs=0.1)
        assert stated["left_out_worst_percent"] >= stated["fit_worst_percent"]
        # Else the model is of no use.
        assert stated["left_out_mean_percent"] <= 10
        assert stated["left_out_worst_percent"] <= 20


def test_the_stated_error_is_that_of_builds_left_out() -> None:
    family, engine = "ice40", "conv"
    mine, errors = of(family, engine), []
    for p in mine:
        if BOARDS[p["board"]].grade == "UP5K":
            others = [q for q in mine if estimate_fit.core(q) != estimate_fit.core(p)]
            errors.append(abs(estimate_fit.fmax_error(estimate_fit.fit_timing(others), p)))
    stated = MODEL["timing"][family][engine]["errors"]["UP5K"]
    assert max(errors) == pytest.approx(stated["left_out_worst_percent"], abs=0.06)
    assert np.mean(errors) == pytest.approx(stated["left_out_mean_percent"], abs=0.06)


def test_the_documented_errors_are_those_of_the_model() -> None:
    errors = [e for f, n in FITS for e in MODEL["timing"][f][n]["errors"].values()]
    means = [e["left_out_mean_percent"] for e in errors]
    rows = [abs(r["fmax_error_percent"]) for r in board_table.read_rows() if r["fmax_error_percent"] is not None]
    worst = max(e["left_out_worst_percent"] for e in errors)
    words = (
        f"error {min(means)} to {max(means)} % mean, {worst} % worst, on cores left out; {np.mean(rows):.1f} % mean, "
        f"{max(rows)} % worst on the {len(rows)} routed rows"
    )
    assert words in (board_table.ROOT / "docs" / "measured.md").read_text()


def test_builds_of_boards_csv_lie_in_the_band() -> None:
    # Builds of trained networks at the board's clock, which no fit has seen.
    with board_table.CSV.open(newline="") as file:
        assert list(csv.DictReader(file).fieldnames or []) == list(board_table.FIELDS)
    rows = [r for r in board_table.read_rows() if r["fmax_mhz"] is not None]
    assert len(rows) >= 20
    for row in rows:
        assert {k: row[k] for k in board_table.estimated(row)} == board_table.estimated(row)
        assert row["fmax_low"] <= row["fmax_mhz"] <= row["fmax_high"], row
        assert row["clock_low"] <= row["clock_mhz"] <= row["clock_high"], row


def test_a_long_stream_on_the_icebreaker_is_estimated_at_18_mhz_not_at_30() -> None:
    network = network_of(LONG)
    found = estimate.estimate(network, "icebreaker", LONG.lanes)
    (built,) = (p for p in BUILDS if p["board"] == "icebreaker" and estimate_fit.case_of(p) == LONG)
    assert BOARDS["icebreaker"].clocks[0].mhz == 30
    assert BOARDS["icebreaker"].clock_below(built["fmax_mhz"]).mhz == 18  # type: ignore[union-attr]
    assert found.clock_mhz == 18
    words = f"{found.fmax_mhz} MHz ({found.fmax_low_mhz} to {found.fmax_high_mhz}), routed {built['fmax_mhz']} MHz"
    assert words in estimate_fit.DOCUMENT.read_text()
    assert found.latency_us == pytest.approx(found.clocks_per_inference / 18, abs=0.01)
    # A fit that did not see this core says the same.
    others = [p for p in of("ice40", "dense") if estimate_fit.core(p) != estimate_fit.core(built)]
    fit = estimate_fit.fit_timing(others)
    paths = timing.terms(estimate_fit.config_of(built), BOARDS["icebreaker"], built["spram"])
    clock = BOARDS["icebreaker"].clock_below(1000 / timing.delay(fit, "UP5K", paths))
    assert clock is not None
    assert clock.mhz == 18


def test_the_band_of_the_latency_is_that_of_the_clock() -> None:
    found = estimate.estimate(network_of(LONG), "icebreaker", LONG.lanes)
    assert found.fmax_low_mhz < found.fmax_mhz < found.fmax_high_mhz  # type: ignore[operator]
    assert found.clock_low_mhz <= found.clock_mhz <= found.clock_high_mhz  # type: ignore[operator]
    for clock, latency in (
        (found.clock_high_mhz, found.latency_low_us),
        (found.clock_mhz, found.latency_us),
        (found.clock_low_mhz, found.latency_high_us),
    ):
        assert clock is not None
        assert latency == pytest.approx(found.clocks_per_inference / clock, abs=0.01)
    assert "% worst" in found.fmax_over
    assert json.loads(json.dumps(found.to_json())) == found.to_json()


def test_the_command_shows_fmax_and_latency_with_their_bands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(artifact.save(network_of(LONG), tmp_path / "long"))
    assert main(["estimate", folder, "--board", "icebreaker", "--lanes", "2", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["clock_mhz"] == 18
    assert row["fmax_low_mhz"] < row["fmax_mhz"] < row["fmax_high_mhz"]
    assert row["latency_low_us"] <= row["latency_us"] <= row["latency_high_us"]
    assert main(["estimate", folder, "--board", "icebreaker", "--lanes", "2"]) == 0
    words = capsys.readouterr().out
    assert all(f"{row[name]:.4g}" in words for name in ("fmax_mhz", "fmax_low_mhz", "fmax_high_mhz", "latency_high_us"))


def test_a_board_that_is_not_routed_here_has_its_untimed_clock_and_no_fmax() -> None:
    found = estimate.estimate(network_of(LONG), "arty-a7", LONG.lanes)
    assert (found.fmax_mhz, found.fmax_low_mhz, found.fmax_high_mhz) == (None, None, None)
    assert (found.clock_mhz, found.clock_low_mhz, found.clock_high_mhz) == (50, 50, 50)
    assert found.latency_us == found.latency_high_us == pytest.approx(found.clocks_per_inference / 50, abs=0.01)
    assert found.fmax_over == (
        "no build of the dense engine was timed on XC7A-1L; a build takes the clock of 50 MHz untimed"
    )


def test_a_core_outside_what_was_timed_is_not_guessed() -> None:
    case = estimate_fit.Case(estimate_fit.MLP, 8, 40)
    found = estimate.estimate(network_of(case), "ulx3s-85f", case.lanes)
    assert found.fmax_mhz is found.clock_mhz is found.latency_us is found.latency_high_us is None
    most = MODEL["timing"]["ecp5"]["dense"]["most"]["lanes"]
    assert found.fmax_over == f"lanes = 40: the builds of the dense engine that were timed have at most {most}"
    assert found.lcs > 0
    assert found.clocks_per_inference > 0


def test_a_grade_that_nobody_timed_is_not_guessed() -> None:
    board = replace(BOARDS["orangecrab"], grade="LFE5U-7")
    found = estimate.fmax(estimate.plan(network_of(LONG), board, lanes=2), board)
    assert found == timing.Timing(None, None, None, "no build of the dense engine was timed on LFE5U-7")


def test_a_core_below_every_clock_is_refused_and_one_near_it_said() -> None:
    network, board = network_of(LONG), BOARDS["icebreaker"]
    found = estimate.fmax(estimate.plan(network, board, lanes=2), board)
    assert found.fmax_mhz is not None
    fast = replace(board, clocks=tuple(c for c in board.clocks if c.mhz >= 24))
    with pytest.raises(ScError, match=r"Fmax is about \d\d\.\d MHz, at most .* slowest clock of icebreaker is 24 MHz"):
        estimate.estimate(network, fast, 2)
    # 21 MHz needs 22.05: above the estimate, below the high end of its band.
    near = replace(board, clocks=tuple(c for c in board.clocks if c.mhz >= 21))
    assert found.fmax_mhz < 22.05 < found.high_mhz  # type: ignore[operator]
    said = estimate.estimate(network, near, 2)
    assert (said.clock_mhz, said.clock_low_mhz, said.clock_high_mhz) == (21, None, 21)
    assert said.latency_high_us is None


@pytest.mark.parametrize("name", BOARDS)
def test_fmax_falls_with_longer_streams_and_wider_sums(name: str) -> None:
    board = BOARDS[name]
    for engine, base in (("dense", EngineConfig(4, 3)), ("conv", ConvConfig(4, 3, sum_w=16))):
        fit = MODEL["timing"].get(board.family, {}).get(engine)
        if fit is None:
            continue
        delays = [timing.delay(fit, board.grade, timing.terms(replace(base, log2l=n), board, 0)) for n in range(2, 9)]
        assert delays == sorted(delays)
        assert delays[-1] > delays[0]


def test_points_are_those_of_the_sweep() -> None:
    asked = [(b, e, c) for b, engines in estimate_fit.TIMED.items() for e, cases in engines.items() for c in cases]
    found = [(p["board"], p["engine"], estimate_fit.case_of(p)) for p in MODEL["timed"]]
    assert sorted(map(repr, found)) == sorted(map(repr, asked))


def test_a_board_has_the_grade_that_nextpnr_is_told() -> None:
    targets = yaml.safe_load((hdl_root() / "fusesoc.core").read_text().split("\n", 1)[1])["targets"]
    for board in BOARDS.values():
        options = targets[board.target]["flow_options"]
        if board.family == "ice40":
            assert f"--{board.grade.lower()}" in options["nextpnr_options"]
        elif board.family == "ecp5":
            words = options["nextpnr_options"]
            assert board.grade == f"LFE5U-{words[words.index('--speed') + 1]}"
        else:
            assert options["part"].endswith(board.grade[-3:])


@pytest.mark.parametrize("folder", NETWORKS, ids=lambda p: p.name)
def test_every_committed_network_is_estimated_on_every_board_or_refused_by_name(folder: Path) -> None:
    network = artifact.load(folder)
    rng = np.random.default_rng(0)
    # Random images: what the data set's cost is no matter here.
    samples = rng.integers(0, network.input.full_scale // network.input.pool**2 + 1, (3, *network.input.shape))
    # With fewer lanes the weight memory of mnist-spiking is deeper than those that were timed.
    lanes = None if network.steps is None else 6
    refused = 0
    for board in BOARDS.values():
        try:
            found = estimate.estimate(network, board, lanes, samples=samples)
        except ScError as error:
            refused += 1
            words = str(error)
            named = network.topology in words and board.name in words
            assert named, words
            continue
        what = "images" if network.steps is None else "samples"
        assert found.clocks_over == f"3 {what} of the given samples"
        if network.steps is not None and board.grade != "UP5K":
            # Networks in steps were built for the iCEBreaker only: elsewhere nothing is guessed.
            assert (found.fmax_mhz, found.lcs is None) == (None, board.family != "ice40")
            assert found.clocks_worst is not None
            continue
        if network.temporal:
            # To networks of lif layers without steps nothing was fitted: their clocks are exact all the same.
            assert (found.fmax_mhz, found.lcs) == (None, None)
            assert (found.clock_mhz is None) == (board.family != "xc7")
            assert found.clocks_per_inference > network.length
            continue
        assert found.lcs is not None
        assert 0 < found.lcs <= board.cells
        assert found.clock_mhz is not None
        assert found.latency_us is not None
        assert (found.fmax_mhz is None) == (board.family == "xc7")
        if found.fmax_mhz is not None:
            assert found.clock_low_mhz <= found.clock_mhz <= found.clock_high_mhz  # type: ignore[operator]
    # Every board holds it, or some say why not.
    assert refused < len(BOARDS)
