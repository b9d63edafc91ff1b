"""Complete streaming designs in Verilator, and as a netlist of an ECP5: words in, classes of the golden model out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from networks import random_codes, random_network, random_temporal_network
from sc_neurocore import artifact, data, golden, packed
from sc_neurocore.hardware import stream_system, stream_system_sim, tools
from sc_neurocore.hardware.parts import PARTS
from sc_neurocore.hardware.stream_builder import sum_bits
from sc_neurocore.hardware.stream_system import StreamSystem, write
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.paths import rtl_files
from strategies import system_network

pytestmark = pytest.mark.usefixtures("kept_simulators", "fresh_tools")

DIGITS = Path(__file__).resolve().parents[1] / "train" / "networks" / "digits"


@pytest.mark.parametrize(("width", "scores"), [(8, False), (32, True)])
def test_every_answer_is_the_golden_one_and_comes_in_time(width: int, scores: bool) -> None:
    network = system_network()
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
    network = system_network()
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


@pytest.mark.parametrize("design", ["stream", "folded"])
def test_the_netlist_of_the_ecp5_answers_as_golden(
    design: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Synthesis has folded in the right weights: the mapped netlist, by Yosys' models of its cells, in Verilator."""
    network = system_network()
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
