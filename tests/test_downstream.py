"""Another project depends on this core by name and version, and builds on its LIF neuron and its streaming layer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from shlex import quote

import numpy as np
import pytest
import yaml

from sc_neurocore.artifact import memory_text
from sc_neurocore.hardware.tools import environment
from sc_neurocore.network import DenseLayer
from sc_neurocore.neurons import LifParams, LifState, lif_step
from sc_neurocore.paths import hdl_root
from sc_neurocore.streams import product_table

LENGTH, INPUTS, NEURONS = 8, 3, 2
LIF = LifParams(theta=100, leak_shift=3)

TOP = """`default_nettype none
module spotter (
    input  wire        clk,
    input  wire        rst,
    input  wire        i_start,
    input  wire [11:0] i_codes,
    output wire        o_start,
    output wire [13:0] o_s,
    output wire [1:0]  o_spike,
    output wire [31:0] o_v
);
    wire [2:0] x;
    wire [1:0] no_neuron;
    wire       unused = &{1'b0, no_neuron};
    sc_stream_encode #(.INPUTS(3), .LOG2L(3)) u_codes (
        .clk(clk), .rst(rst), .i_start(i_start), .i_codes(i_codes), .o_x(x)
    );
    sc_stream_dense #(.INPUTS(3), .NEURONS(2), .LOG2L(3), .NEURON(0), .INIT_FILE("spotter.mem")) u_layer (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(x), .o_start(o_start), .o_s(o_s), .o_x(no_neuron)
    );
    genvar k;
    generate
        for (k = 0; k < 2; k = k + 1) begin : g_neuron
            // The sum of a window, in Q8.4, is the current of one step.
            sc_lif #(.LEAK_SHIFT(3)) u_lif (
                .clk(clk), .rst(rst), .i_restart(1'b0), .i_en(o_start),
                .i_current({{5{o_s[k*7+6]}}, o_s[k*7 +: 7], 4'd0}), .i_beta(8'd0), .i_theta(16'd100),
                .i_v_reset(16'd0), .o_spike(o_spike[k]), .o_v(o_v[k*16 +: 16])
            );
        end
    endgenerate
endmodule
`default_nettype wire
"""

# Reads codes, a line of three an inference, from its input; prints sums, spikes and v after each.
MAIN = """#include <cstdio>
#include "Vspotter.h"
#include "verilated.h"
static int field(unsigned v, int at, int bits) { return int(v << (32 - at - bits)) >> (32 - bits); }
int main(int argc, char **argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vspotter top{&context};
    auto clock = [&] { top.eval(); top.clk = 1; top.eval(); top.clk = 0; top.eval(); };
    top.clk = 0; top.rst = 1; top.i_start = 0; top.i_codes = 0;
    clock(); clock();
    top.rst = 0;
    FILE *in = std::fopen("codes.txt", "r");
    if (!in) return 3;
    unsigned a, b, c;
    while (std::fscanf(in, "%u %u %u", &a, &b, &c) == 3) {
        top.i_codes = a | b << 4 | c << 8;
        top.i_start = 1; clock(); top.i_start = 0;
        for (int wait = 0; !top.o_start; wait++) { if (wait > 50) return 4; clock(); }
        const int s0 = field(top.o_s, 0, 7), s1 = field(top.o_s, 7, 7);
        clock();
        const int v0 = field(top.o_v, 0, 16), v1 = field(top.o_v, 16, 16);
        std::printf("ANSWER %d %d %d %d %d\\n", s0, s1, int(top.o_spike), v0, v1);
    }
    return 0;
}
"""

CORE = """CAPI=2:

name: example:vision:spotter:1.2.0
description: A project that uses sc_neurocore as a library

filesets:
  rtl:
    depend: ["{dependency}"]
    files:
      - spotter.v: {{file_type: verilogSource-2005}}
      - spotter.mem: {{file_type: user, copyto: spotter.mem}}
      - codes.txt: {{file_type: user, copyto: codes.txt}}
  main:
    files:
      - main.cpp: {{file_type: cppSource}}

targets:
  default: &default
    filesets: [rtl]
    toplevel: spotter
  lint:
    <<: *default
    flow: lint
    flow_options:
      tool: verilator
      verilator_options: [-Wall, --language, 1364-2005]
  sim:
    <<: *default
    filesets: [rtl, main]
    flow: sim
    flow_options:
      tool: verilator
      mode: cc
      verilator_options: [--language, 1364-2005, --x-assign, unique, --x-initial, unique]
"""


def version() -> str:
    name = str(yaml.safe_load((hdl_root() / "fusesoc.core").read_text().partition("\n")[2])["name"])
    assert name.startswith("::sc_neurocore:")
    return name


def project(folder: Path, dependency: str) -> tuple[DenseLayer, np.ndarray]:
    """Write the project, and this core as the library beside it; return its layer and its inputs."""
    library = folder / "libraries" / "sc_neurocore"
    library.mkdir(parents=True)
    shutil.copyfile(hdl_root() / "fusesoc.core", library / "fusesoc.core")
    for part in ("rtl", "fpga"):
        shutil.copytree(hdl_root() / part, library / part)
    own = folder / "spotter"
    own.mkdir()
    random = np.random.default_rng(11)
    layer = DenseLayer(
        random.integers(1 - LENGTH, LENGTH, (NEURONS, INPUTS)), random.integers(1, LENGTH, NEURONS), None
    )
    codes = random.integers(0, LENGTH + 1, (40, INPUTS))
    (own / "spotter.core").write_text(CORE.format(dependency=dependency))
    (own / "spotter.v").write_text(TOP)
    (own / "main.cpp").write_text(MAIN)
    (own / "spotter.mem").write_text(memory_text(layer, LENGTH))
    (own / "codes.txt").write_text("".join(" ".join(map(str, row)) + "\n" for row in codes.tolist()))
    (folder / "fusesoc.conf").write_text("[main]\ncache_root = cache\nlibrary_root = libraries\n")
    return layer, codes


def fusesoc(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = environment()
    env["EDALIZE_LAUNCHER"] = f"{quote(sys.executable)} -m sc_neurocore.hardware.launcher"
    env.pop("FUSESOC_CORES", None)
    command = [sys.executable, "-m", "fusesoc.main", "--monochrome", "--config", "fusesoc.conf"]
    command += ["--cores-root", "libraries", "--cores-root", "spotter", "run", *arguments, "example:vision:spotter"]
    return subprocess.run(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip


def expected(layer: DenseLayer, codes: np.ndarray) -> list[list[int]]:
    table = product_table(LENGTH)
    w = layer.synapses.astype(np.int64)
    state, rows = LifState.start(LIF, NEURONS), []
    for x in codes:
        s = (np.sign(w) * table[np.append(x, LENGTH)[None, :], np.abs(w)]).sum(axis=1)
        state, spike = lif_step(state, s << 4, LIF)
        rows.append([*s.tolist(), int(spike[0]) | int(spike[1]) << 1, *state.v.tolist()])
    return rows


def test_a_project_lints_and_simulates_with_this_core_as_its_library(tmp_path: Path) -> None:
    layer, codes = project(tmp_path, f">={version()}")
    done = fusesoc(tmp_path, "--target", "lint", "--work-root", "lint", "--setup", "--build")
    assert done.returncode == 0, done.stdout
    assert "%Warning" not in done.stdout

    done = fusesoc(tmp_path, "--target", "sim", "--work-root", "sim", "--setup", "--build", "--run")
    assert done.returncode == 0, done.stdout
    answers = [list(map(int, x.split()[1:])) for x in done.stdout.splitlines() if x.startswith("ANSWER")]
    wanted = expected(layer, codes)
    assert answers == wanted
    assert 0 < sum(row[2] != 0 for row in wanted) < len(wanted)  # the neurons fire, and not always


@pytest.mark.parametrize("dependency", [">=::sc_neurocore:99.0.0", "::sc_neurocores:0.1.0"])
def test_a_version_or_a_name_that_is_not_there_is_refused(tmp_path: Path, dependency: str) -> None:
    project(tmp_path, dependency)
    done = fusesoc(tmp_path, "--target", "lint", "--work-root", "lint", "--setup", "--build")
    assert done.returncode != 0
    assert "sc_neurocore" in done.stdout


def test_a_broken_memory_file_of_the_project_fails_its_simulation(tmp_path: Path) -> None:
    project(tmp_path, f">={version()}")
    memory = tmp_path / "spotter" / "spotter.mem"
    memory.write_text(memory.read_text().splitlines()[0] + "\n")
    done = fusesoc(tmp_path, "--target", "sim", "--work-root", "sim", "--setup", "--build", "--run")
    assert done.returncode != 0
    assert "spotter.mem" in done.stdout
    assert "ANSWER" not in done.stdout
