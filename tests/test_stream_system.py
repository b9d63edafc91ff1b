"""The complete streaming design: words in, classes out, in Verilator; its build for an ECP5."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from networks import random_codes, random_network, random_temporal_network
from sc_neurocore import artifact, data, golden, packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import stream_system, stream_system_sim, tools
from sc_neurocore.hardware import stream_system_build as build_module
from sc_neurocore.hardware.build import run_target
from sc_neurocore.hardware.flash import flash
from sc_neurocore.hardware.parts import PARTS
from sc_neurocore.hardware.stream_builder import sum_bits
from sc_neurocore.hardware.stream_system import StreamSystem, pack, top_text, write
from sc_neurocore.hardware.stream_system_build import SystemBuild, build_system, load_system
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.paths import rtl_files

DIGITS = Path(__file__).resolve().parents[1] / "train" / "networks" / "digits"


@pytest.fixture(scope="module", autouse=True)
def _cache() -> None:
    """Simulators built by these tests are kept in build/, not in the user's cache."""
    if "SC_NEUROCORE_CACHE" not in os.environ:
        os.environ["SC_NEUROCORE_CACHE"] = str(Path(__file__).resolve().parents[1] / "build" / "cache")


@pytest.fixture(autouse=True)
def _fresh_tools() -> Iterator[None]:
    tools.find.cache_clear()
    yield
    tools.find.cache_clear()


def small_network() -> Network:
    return random_network(np.random.default_rng(4), 8, (16, 8, 4))


# Words.


@pytest.mark.parametrize(("code_bits", "width"), [(4, 8), (5, 16), (13, 32), (3, 64), (1, 8)])
def test_words_hold_the_codes_without_gaps(code_bits: int, width: int) -> None:
    length = 1 if code_bits == 1 else 1 << (code_bits - 1)
    codes = np.random.default_rng(code_bits).integers(0, length + 1, (5, 23))
    words = pack(codes, code_bits, width, length)
    assert words.shape == (5, -(-23 * code_bits // width))
    for image, row in zip(codes, words, strict=True):
        whole = sum(int(w) << (width * k) for k, w in enumerate(row))
        assert [whole >> (code_bits * k) & ((1 << code_bits) - 1) for k in range(23)] == image.tolist()
        assert whole >> (23 * code_bits) == 0


def test_a_code_that_one_bit_does_not_hold_is_refused() -> None:
    assert pack([[8, 0, 8]], 1, 8, 8).tolist() == [[0b101]]
    with pytest.raises(ScError, match="one bit a code: codes must be 0 or 8"):
        pack([[8, 0, 3]], 1, 8, 8)


# The design in Verilator.


@pytest.mark.parametrize(("width", "scores"), [(8, False), (32, True)])
def test_every_answer_is_the_golden_one_and_comes_in_time(width: int, scores: bool) -> None:
    network = small_network()
    system = StreamSystem(network, data_width=width, scores=scores)
    codes = random_codes(np.random.default_rng(1), network, 60)
    wanted = golden.run(network, codes)
    for seed in (0, 5, 6):  # full rate, then stalls and bad images in between
        found = stream_system_sim.run(system, codes, seed=seed)
        assert np.array_equal(found.classes, wanted.classes)
        if scores:
            assert found.scores is not None
            assert np.array_equal(found.scores, wanted.scores)
        assert found.from_last_word.min() >= system.latency_from_last_word
        if seed == 0:
            assert (found.from_first_word[0], found.from_last_word[0]) == (
                system.latency_from_first_word,
                system.latency_from_last_word,
            )
            # An image may wait for the one before it: never longer than it took to come.
            assert found.from_last_word.max() < system.latency_from_last_word + system.clocks_per_image
            assert found.clocks_per_image == system.clocks_per_image == max(8, system.words)


def test_an_image_of_many_words_comes_at_the_rate_of_its_words() -> None:
    network = random_network(np.random.default_rng(2), 4, (30, 3))
    system = StreamSystem(network, data_width=8)
    assert (system.words, system.clocks_per_image, system.inner.period) == (12, 12, 4)
    found = stream_system_sim.run(system, random_codes(np.random.default_rng(1), network, 20))
    assert found.clocks_per_image == 12
    assert set(found.from_first_word.tolist()) == {system.latency_from_first_word}


def test_lif_networks_run_behind_the_port() -> None:
    network = random_temporal_network(np.random.default_rng(3), 8, (12, 6, 5, 3), "ll")
    codes = random_codes(np.random.default_rng(1), network, 30)
    system = StreamSystem(network, data_width=16)
    for seed in (0, 3):
        found = stream_system_sim.run(system, codes, seed=seed)
        assert np.array_equal(found.classes, golden.run(network, codes).classes)
    assert stream_system_sim.run(system, codes).clocks_per_image == system.clocks_per_image == system.inner.period


def test_codes_that_must_stay_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """A design that takes its codes late: the port holds them, and then takes the next image."""
    plain = stream_system.DESIGNS["stream"]
    late = 5

    def design(network: Network) -> stream_system.Design:
        inner = plain(network)

        def written(folder: Path) -> None:
            inner.write(folder)
            size = network.input.size * inner.code_bits
            wide = network.classes * sum_bits(network)
            (folder / "sc_stream_late.v").write_text(
                "`default_nettype none\nmodule sc_stream_late (\n    input  wire clk,\n    input  wire rst,\n"
                f"    input  wire i_start,\n    input  wire [{size - 1}:0] i_codes,\n    output wire o_valid,\n"
                f"    output wire [1:0] o_class,\n    output wire [{wide - 1}:0] o_scores\n);\n"
                f"    reg [{late - 1}:0] later;\n"
                f"    always @(posedge clk) later <= rst ? {late}'d0 : {{later[{late - 2}:0], i_start}};\n"
                f"    {inner.name} u (.clk(clk), .rst(rst), .i_start(later[{late - 1}]), .i_codes(i_codes), "
                ".o_valid(o_valid),\n        .o_class(o_class), .o_scores(o_scores));\n"
                "endmodule\n`default_nettype wire\n"
            )

        return stream_system.Design(
            "sc_stream_late", inner.period, inner.latency + late, late, inner.code_bits, written
        )

    monkeypatch.setattr(stream_system, "DESIGNS", {"late": design})
    network = small_network()
    codes = random_codes(np.random.default_rng(1), network, 40)
    system = StreamSystem(network, design="late", data_width=16)
    assert (system.words, system.clocks_per_image) == (4, 5 + 4)
    for seed in (0, 2):
        found = stream_system_sim.run(system, codes, seed=seed)
        assert np.array_equal(found.classes, golden.run(network, codes).classes)
    full = stream_system_sim.run(system, codes)
    assert full.clocks_per_image == system.clocks_per_image
    assert full.from_first_word[0] == system.latency_from_first_word


@pytest.mark.parametrize("two_valued", [False, True])
def test_a_folded_network_behind_the_port(two_valued: bool) -> None:
    network = random_network(np.random.default_rng(6), 8, (30, 9, 5))
    codes = random_codes(np.random.default_rng(1), network, 40)
    if two_valued:
        spec = InputSpec(network.input.shape, network.input.full_scale, threshold=1)
        network, codes = Network(8, network.layers, spec), (codes > 4) * 8
    wanted = golden.run(network, codes)
    system = StreamSystem(network, design="folded", data_width=16, scores=True)
    assert system.words == (2 if two_valued else 8)
    for seed in (0, 7):
        found = stream_system_sim.run(system, codes, seed=seed)
        assert np.array_equal(found.classes, wanted.classes)
        assert np.array_equal(found.scores, wanted.scores)
        if seed == 0:
            assert found.clocks_per_image == system.clocks_per_image
            assert found.from_first_word[0] == system.latency_from_first_word


def test_every_digit_through_the_port() -> None:
    """The trained network with an eighth of its hidden neurons, for the compiler's sake."""
    whole = artifact.load(DIGITS)
    hidden, last = whole.layers
    kept = slice(0, 12)
    layers = (
        DenseLayer(hidden.weights[kept], hidden.bias[kept], hidden.theta),
        DenseLayer(last.weights[:, kept], last.bias, None),
    )
    network = Network(whole.length, layers, whole.input, whole.theta_frac)
    codes = network.input.encode(data.load_part("digits").x, network.length)
    system = StreamSystem(network)
    found = stream_system_sim.run(system, codes)
    assert len(codes) == 360
    assert np.array_equal(found.classes, packed.run(network, codes).classes)
    assert found.clocks_per_image == system.clocks_per_image == network.length
    assert found.from_first_word[0] == system.latency_from_first_word == 12 + 2 * 33 + 2 + 1


@pytest.mark.parametrize(("design", "two_valued"), [("stream", False), ("folded", False), ("folded", True)])
def test_the_design_lints_clean_through_its_own_core(design: str, two_valued: bool, tmp_path: Path) -> None:
    network = small_network()
    if two_valued:
        network = Network(8, network.layers, InputSpec(network.input.shape, 8, threshold=4))
    for scores in (False, True):
        folder = tmp_path / str(scores)
        system = StreamSystem(network, design=design, scores=scores)
        write(system, folder / "cores" / "design")
        assert write(system, folder / "cores" / "design").name == "sc_stream_system.v"  # again, over itself
        root = rtl_files()[0].parents[1]
        for path in (root / "fusesoc.core", *rtl_files()):
            copy = folder / "cores" / path.relative_to(root)
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(path.read_text())
        run_target(folder, "lint", {}, core=stream_system.CORE)
        assert "Warning" not in (folder / "fusesoc.log").read_text()


def test_a_design_that_cannot_be_is_refused(tmp_path: Path) -> None:
    network = small_network()
    with pytest.raises(ScError, match="design must be one of stream, folded, got 'tree'"):
        StreamSystem(network, design="tree")
    with pytest.raises(ScError, match="data width must be one of 8, 16, 32, 64, got 12"):
        StreamSystem(network, data_width=12)
    lfsr = Network(8, network.layers, network.input, weight_source="lfsr")
    with pytest.raises(ScError, match="weights take the source 'vdc', the network's take 'lfsr'"):
        StreamSystem(lfsr, design="folded")
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ScError, match="holds other files"):
        write(StreamSystem(network), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


# The build.


def test_a_build_reports_the_complete_design_and_is_reused_or_refused_by_file(tmp_path: Path) -> None:
    """One test, so that workers share no fixture: the build is what takes the time."""
    artifact.save(small_network(), tmp_path / "network")
    said: list[str] = []
    result = build_system(tmp_path / "network", "lfe5u-25f", tmp_path / "out", seeds=(1, 2), progress=said.append)
    reports_the_complete_design(result, said)
    (tmp_path / "copy").mkdir()
    is_reused_or_refused_by_file(result, tmp_path / "copy")


def reports_the_complete_design(result: SystemBuild, said: list[str]) -> None:
    folder = Path(result.bitstream).parent
    used = json.loads((folder / "logs" / "nextpnr.json").read_text())
    system = StreamSystem(small_network())
    assert used["utilization"]["TRELLIS_IO"]["used"] == system.pins
    assert result.lut == used["utilization"]["TRELLIS_COMB"]["used"]
    assert result.ff == used["utilization"]["TRELLIS_FF"]["used"]
    assert [round(x["achieved"], 2) for x in used["fmax"].values()] == [result.fmax_mhz]
    assert result.fmax_mhz == max(result.fmax_by_seed.values()) == result.fmax_by_seed[str(result.seed)]
    assert set(result.fmax_by_seed) == {"1", "2"}
    assert result.bram == 0
    assert 100 < result.xc7_luts < result.lut  # a LUT of six inputs holds more
    assert result.ff > result.words * result.data_width
    assert result.latency_us == pytest.approx(result.latency_clocks / result.fmax_mhz, abs=1e-4)
    assert result.images_per_s == pytest.approx(result.fmax_mhz * 1e6 / 8, rel=1e-5)
    assert json.loads(json.dumps(result.to_json()))["part"] == "lfe5u-25f"
    assert any(line.startswith("place and route: nextpnr-ecp5") for line in said)
    bits = Path(result.bitstream).read_bytes()
    assert b"LFE5U-25F" in bits[:200]
    assert (folder / "design" / "sc_stream_system.v").read_text() == top_text(system)


def is_reused_or_refused_by_file(result: SystemBuild, tmp_path: Path) -> None:
    out = Path(result.bitstream).parent
    said: list[str] = []
    again = build_system(small_network(), "lfe5u-25f", out, seeds=(1, 2), progress=said.append)
    assert again.reused
    assert said == [f"up to date: {out}"]
    for name in ("build.json", "lfe5u-25f.bit"):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    assert load_system(tmp_path).fmax_mhz == result.fmax_mhz
    data_ = bytearray((tmp_path / "lfe5u-25f.bit").read_bytes())
    data_[1000] ^= 1
    (tmp_path / "lfe5u-25f.bit").write_bytes(data_)
    with pytest.raises(ScError, match=r"lfe5u-25f\.bit: content differs from its sha256"):
        load_system(tmp_path)
    with pytest.raises(ScError, match=r"must be sc_neurocore\.build version 1, got sc_neurocore\.system_build 1"):
        flash(out, "icebreaker")


def test_build_refuses_before_any_tool_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a tool was run")

    monkeypatch.setattr(build_module, "run_target", never)
    with pytest.raises(ScError, match="part must be one of lfe5u-25f, got 'lfe5u-85f'"):
        build_system(small_network(), "lfe5u-85f", tmp_path / "a")
    wide = Network(8, (DenseLayer(np.ones((40, 3), dtype=int), [0] * 40, None),), InputSpec((3,), 8))
    with pytest.raises(
        ScError, match=r"the design has \d+ pins, lfe5u-25f has 197: choose narrower words or no scores"
    ):
        build_system(wide, "lfe5u-25f", tmp_path / "b", scores=True)
    with pytest.raises(ScError, match=r"seeds must be different numbers .* got \[3, 3\]"):
        build_system(small_network(), "lfe5u-25f", tmp_path / "c", seeds=(3, 3))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("precious")
    with pytest.raises(ScError, match="exists and is not a build"):
        build_system(small_network(), "lfe5u-25f", tmp_path / "mine")
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_a_network_that_does_not_fit_is_told_by_how_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The part is the real one; a stand-in for nextpnr says of any design what the real one says of a great one."""
    program = tmp_path / "bin" / "nextpnr-ecp5"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Version nextpnr-0.11" && exit\n'
        'printf "Info: \\tTRELLIS_COMB:   30000/  24288   123%%\\n" | tee next.log\n'
        'echo "ERROR: Unable to find a placement location for cell x" >&2; exit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ScError, match="the network does not fit: it needs 30000 TRELLIS_COMB, lfe5u-25f has 24288"):
        build_system(random_network(np.random.default_rng(1), 4, (3, 2)), "lfe5u-25f", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("design", ["stream", "folded"])
def test_the_netlist_of_the_ecp5_answers_as_golden(
    design: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Synthesis has folded in the right weights: the mapped netlist, by Yosys' models of its cells, in Verilator."""
    network = small_network()
    system = StreamSystem(network, design=design, scores=True)
    write(system, tmp_path / "design")
    files = " ".join([*(p.name for p in sorted((tmp_path / "design").glob("*.v"))), *map(str, rtl_files())])
    (tmp_path / "design" / "run.ys").write_text(
        f"read_verilog -defer {files}\nhierarchy -check -top sc_stream_system\n"
        f"synth_ecp5 {' '.join(PARTS['lfe5u-25f'].synth_options[design])} -top sc_stream_system\n"
        "select -assert-min 1 t:TRELLIS_FF\n"
        "techmap -autoproc -map +/ecp5/cells_sim.v\nclean -purge\nwrite_verilog -noattr ../netlist.v\n"
    )
    tool = tools.find("yosys")
    command = [*tool.command, "-q", "-s", "run.ys"]
    subprocess.run(command, cwd=tmp_path / "design", env=tool.environment(), check=True)

    netlist = (tmp_path / "netlist.v").read_bytes()

    def put(_: StreamSystem, folder: Path) -> None:
        # A sign bit that is repeated within a port is, in a netlist, a vector that feeds itself.
        (folder / "sc_stream_system.v").write_bytes(b"// verilator lint_off UNOPTFLAT\n" + netlist)

    monkeypatch.setattr(stream_system_sim, "write", put)
    codes = random_codes(np.random.default_rng(8), network, 60)
    found = stream_system_sim.run(system, codes, seed=9)
    assert np.array_equal(found.scores, golden.run(network, codes).scores)
    assert np.array_equal(found.classes, golden.run(network, codes).classes)
