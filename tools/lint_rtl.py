"""Lint every Verilog file as its own top, in two front ends: Verilator -Wall and slang. No waivers.

Those of fpga/ with the stand-ins for their vendor cells, which are linted as well, and the tops of tb/. The harnesses
of formal/, which Yosys alone needs to read, are compiled by slang, so that there is no error that Yosys lets pass, such
as a port declared twice, and linted by Verilator, by default and with the parameters of their first and last proof,
without the rules of `LOOSE`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyslang.driver import Driver

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "formal"))

from sby_files import read_proof
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.tools import verilator_command, verilator_env
from sc_neurocore.paths import hdl_root, rtl_files

ROOT = Path(__file__).resolve().parent.parent
Job = tuple[Path, Mapping[str, int | str]]

# Rules of Verilator that do not suit a harness. A claim that falls victim to one of them is red, idle or never seen to
# fail, and formal/run.py and formal/mutate.py look for that.
LOOSE = (
    "WIDTHEXPAND",  # a naive reference counts in integers, whatever the width of what it is compared with,
    "WIDTHTRUNC",  # ... and drops upper bits where the words it describes do
    "WIDTHCONCAT",  # parameters, 32 bits each, are joined to compare them with those that a part was given
    "PROCASSINIT",  # `reg past_valid = 0` is the state at the first clock, which only an initial value can be
    "DECLFILENAME",  # a part's stand-in is in the file of the harness that needs it
    "PINCONNECTEMPTY",  # an output of which a harness claims nothing stays open
    "UNSIGNED",  # a comparison with a parameter holds always or never at some of its values,
    "CMPCONST",  # ... and so does one of the reference's terms at some width
)

# What the convolution engine needs of sc_core.
CONV = {"ENGINE": 1, "TABLE_AW": 9, "LOG2_ENTRIES": 10, "SUM_W": 13}

# A neuron and its step have the same parameters.
LIF: Sequence[Mapping[str, int | str]] = [
    {"LEAK_MODE": 1},
    {"LEAK_SHIFT": 0},
    {"WIDTH": 4, "LEAK_SHIFT": 3, "RESET_MODE": 1, "REFRACTORY": 255},
    {"WIDTH": 32, "LEAK_SHIFT": 31, "REFRACTORY": 1},
    {"WIDTH": 32, "LEAK_MODE": 1, "RESET_MODE": 1, "REFRACTORY": 2},
    {"WIDTH": 4, "LEAK_MODE": 1, "LEAK_SHIFT": 0},
]
WINDOW_IF: Sequence[Mapping[str, int | str]] = [
    {"ACC_W": 2, "FRAC": 0, "THETA_W": 1},
    {"ACC_W": 32, "FRAC": 16, "THETA_W": 32},
]

UNIT: Sequence[Mapping[str, int | str]] = [
    {"LEAK_MODE": 1},
    {"WIDTH": 4, "RESET_MODE": 1, "REFRACTORY": 1, "CURRENT_W": 2},
    {"WIDTH": 32, "LEAK_MODE": 1, "RESET_MODE": 1, "REFRACTORY": 1, "CURRENT_W": 40},
]

# Beside the defaults: sizes at which widths and generate branches differ.
VARIANTS: dict[str, Sequence[Mapping[str, int | str]]] = {
    "sc_mem": [{"INIT_FILE": '"words.mem"'}],
    "sc_apc": [{"N": n} for n in (1, 2, 3, 4, 7, 8, 31, 64, 100)],
    "sc_axi_lite": [{"ADDR_W": 3}, {"ADDR_W": 32}],
    "sc_axi_stream": [{"CODE_W": 1, "COUNT_W": 1, "SUM_W": 2}, {"CODE_W": 16, "COUNT_W": 16, "SUM_W": 32}],
    "sc_axi_regs": [{"LANES": 64, "LOG2L": 8}, {**CONV, "LANES": 7, "LOG2_ENTRIES": 16, "WEIGHT_AW": 24}],
    "sc_axi": [{"MAC": 1}, {"LOG2L": 8, "LANES": 12}, {**CONV, "LANES": 5, "LOG2L": 5}],
    "sc_mul": [{"N": 16}],
    "sc_window_sng": [{"SOURCE": 1}, {"LOG2L": 2}, {"LOG2L": 8}],
    "sc_window_if": WINDOW_IF,
    "sc_window_if_step": WINDOW_IF,
    "sc_lane": [{"MAC": 1}, {"LOG2L": 8, "ACC_W": 20}],
    "sc_engine_ctrl": [{"LANES": 1}, {"LANES": 64, "LOG2_ENTRIES": 12, "TABLE_AW": 8}, {"LOG2_ENTRIES": 2}],
    "sc_engine": [{"MAC": 1}, {"LANES": 1, "LOG2L": 2}, {"LANES": 12, "LOG2L": 5, "LOG2_ENTRIES": 10, "WEIGHT_AW": 17}],
    "sc_window_code": [{"LOG2L": 2, "ACC_W": 2, "FRAC": 0, "THETA_W": 1}, {"LOG2L": 8, "ACC_W": 32, "FRAC": 16}],
    "sc_conv_lane": [{"POOL": 1}, {"MAC": 1, "POOL": 1}, {"LOG2L": 8, "SUM_W": 20}],
    "sc_conv_sums": [{"POOL": 1}, {"LANES": 1, "ACC_AW": 1}, {"LANES": 5, "ACC_AW": 14, "MAC": 1}],
    "sc_conv_visit": [{"ACC_AW": 1, "WEIGHT_AW": 1, "LANES": 1}, {"ACC_AW": 14, "WEIGHT_AW": 24}],
    "sc_conv_scan": [
        {"POOL": 1},
        {"POOL": 1, "LANES": 1, "ACT_AW": 2, "ACC_AW": 1, "WEIGHT_AW": 1, "COORD_AW": 4},
        {"ACT_AW": 16, "ACC_AW": 14, "WEIGHT_AW": 24, "COORD_AW": 11},
    ],
    "sc_conv_ctrl": [
        {"LANES": 1, "ACT_AW": 2, "ACC_AW": 1, "WEIGHT_AW": 1, "COORD_AW": 4},
        {"LANES": 64, "ACT_AW": 16, "ACC_AW": 14, "WEIGHT_AW": 24, "COORD_AW": 11},
    ],
    "sc_conv_engine": [{"POOL": 1}, {"MAC": 1}, {"LANES": 1, "LOG2L": 2, "POOL": 1}, {"LOG2L": 8, "TABLE_AW": 12}],
    "sc_fold_if": [
        {"STEP": 0, "START": 0},
        {"WIDTH": 32, "COUNT_W": 12, "SHIFT": 16},
        {"WIDTH": 2, "COUNT_W": 1, "STEP": 1},
    ],
    "sc_serial_argmax": [{"N": 1}, {"N": 2, "WIDTH": 2}, {"N": 7, "WIDTH": 32}],
    "sc_stream_argmax": [{"N": 1}, {"N": 2}, {"N": 7, "WIDTH": 32}],
    "sc_stream_dense": [{"NEURON": 0, "PIPE": 0}, {"INPUTS": 1, "NEURONS": 1, "LOG2L": 2}, {"INPUTS": 99, "ADDER": 1}],
    "sc_stream_encode": [{"INPUTS": 1, "LOG2L": 2}],
    "sc_stream_lif": [
        {"FRAC": 0, "PIPE": 0},
        {"LEAK_MODE": 1, "BETA": 255, "V_RESET": -300, "RESET_MODE": 1, "ADDER": 1},
    ],
    "sc_stream_neurons": [
        {"SHIFT": 0, "PIPE": 0, "STATE_W": 1, "CURRENT_W": 1},
        {"SHIFT": 39, "CURRENT_W": 64, "STATE_W": 100, "ADDER": 1},
    ],
    "sc_stream_port": [
        {"INPUTS": 3, "CODE_W": 2, "DATA_W": 8, "PERIOD": 1, "LOG2_ANSWERS": 1, "ANSWER_W": 1},
        {"INPUTS": 8, "CODE_W": 1, "DATA_W": 8, "PERIOD": 1, "HOLD": 1},
        {"INPUTS": 784, "CODE_W": 1, "DATA_W": 64, "PERIOD": 8, "HOLD": 8, "ANSWER_W": 130},
    ],
    "sc_stream_synapses": [
        {"PIPE": 0},
        {"INPUTS": 1, "NEURONS": 1, "LOG2L": 2},
        {"ADDER": 1},
        {"ADDER": 1, "INPUTS": 1, "NEURONS": 1, "LOG2L": 2},
        {"ADDER": 1, "INPUTS": 7, "LOG2L": 2},
    ],
    "sc_core": [{"MAC": 1}, CONV, {**CONV, "POOL": 1, "LOG2_ENTRIES": 16, "SUM_W": 20}],
    "sc_leak": [{"LEAK_MODE": 1}, {"WIDTH": 4}, {"WIDTH": 32}],
    **{unit: UNIT for unit in ("sc_lif_unit", "sc_synaptic_unit", "sc_alif_unit")},
    "sc_spike_layer": [{"LANES": 1, "LOG2_ENTRIES": 2, "STATE_AW": 1}, {"LANES": 64, "LOG2_ENTRIES": 12, "WORDS": 8}],
    "sc_spike_ctrl": [
        {"LANES": 1, "LOG2_ENTRIES": 2, "TABLE_AW": 4, "DELAY_AW": 0, "CONSTANT": 0},
        {"LANES": 64, "LOG2_ENTRIES": 12, "TABLE_AW": 12, "DELAY_AW": 8, "HISTORY_AW": 12, "WORDS": 8},
        {"DELAY_AW": 0, "CONSTANT": 0, "BITS": 1},
    ],
    "sc_spike_score": [{"CONSTANT": 0, "SUM_W": 4}, {"SUM_W": 32}, {"WIDTH": 32, "S_W": 2}],
    "sc_spike_engine": [
        {"DELAY_AW": 2, "RESET_MODE": 1, "REFRACTORY": 1},
        {"NEURON": 1, "REFRACTORY": 1, "WIDTH": 8},
        {"NEURON": 2, "RESET_MODE": 1},
        {"LANES": 1, "LOG2L": 2, "FRAC": 0, "CONSTANT": 0, "LEAK_MODE": 1, "WIDTH": 24, "SUM_W": 4},
        {"LANES": 12, "LOG2L": 8, "LOG2_ENTRIES": 12, "WEIGHT_AW": 17, "DELAY_AW": 8, "FRAC": 15, "SUM_W": 32},
        {"CONSTANT": 0, "BITS": 1, "LANES": 1, "LOG2L": 2, "LOG2_ENTRIES": 2, "FRAC": 0},
        {"CONSTANT": 0, "BITS": 1, "LANES": 5, "LOG2L": 8, "LOG2_ENTRIES": 12, "LEAK_MODE": 1, "RESET_MODE": 1},
    ],
    "sc_spi_read": [{"LOG2_WAKE": 2}, {"LOG2_WAKE": 20}],
    "sc_flash_image": [
        {"WORD_W": 3, "HEAD_BYTES": 1, "WEIGHT_AW": 1, "TABLE_AW": 3},
        {"WORD_W": 17},
        {"WORD_W": 576, "WEIGHT_AW": 24, "TABLE_AW": 12},
    ],
    "sc_flash_loader": [
        {"LANES": 1},
        {"ENGINE": 1, "TABLE_AW": 9, "POOL": 1, "SUM_W": 14},
        {"LANES": 64, "LOG2L": 8, "WEIGHT_AW": 3, "TABLE_AW": 8},
    ],
    "sc_host": [{"ENGINE": 1, "LOG2_ENTRIES": 16, "SUM_W": 18}, {"ENGINE": 2, "LOG2_ENTRIES": 12, "SUM_W": 20}],
    "sc_host_exec": [
        {"ENGINE": 1, "LOG2_ENTRIES": 16, "SUM_W": 18},
        {"LANES": 12, "LOG2L": 8, "LOG2_ENTRIES": 12, "WEIGHT_AW": 17},
        {"ENGINE": 2, "LOG2L": 8, "LANES": 1, "LOG2_ENTRIES": 2, "SUM_W": 32, "STEPS": 8390720},
    ],
    "sc_host_frame": [{"LOG2_PAYLOAD": 15, "LOG2_TIMEOUT": 24, "KEEP": 1}],
    "sc_host_steps": [{"LOG2_ENTRIES": 2}, {"LOG2_ENTRIES": 12}],
    "sc_network": [
        {"MAC": 1},
        {"LANES": 5, "LOG2L": 5},
        {**CONV, "MAC": 1, "POOL": 1},
        {**CONV, "LANES": 5, "LOG2L": 5},
    ],
    "sc_lfsr_source": [{"LOG2L": n} for n in range(3, 25)] + [{"LOG2L": 24, "SEED": (1 << 24) - 1}],
    "sc_sobol_source": [{"DIM": d, "LOG2L": n} for d, n in ((0, 2), (0, 12), (2, 2), (3, 2), (9, 2), (7, 5), (9, 12))],
    "sc_mul_bipolar": [{"N": 16}],
    "sc_mux_add": [{"LOG2N": 12}],
    "sc_counter": [{"LOG2L": 2}, {"LOG2L": 24}],
    "sc_correlator": [{"DEPTH": d} for d in (2, 3, 4, 64)],
    "sc_decorrelator": [{"LOG2_DEPTH": 1}, {"LOG2_DEPTH": 8}],
    "sc_lif": LIF,
    "sc_lif_step": LIF,
    "sc_icebreaker": [
        {"LANES": 12, "WEIGHT_AW": 12},
        {"WEIGHT_AW": 16, "LANES": 2},
        {"USE_SPRAM": 0, "MAC": 1},
        {"FLASH_BOOT": 1},
        {"FLASH_BOOT": 1, "LANES": 12, "WEIGHT_AW": 12},
    ],
    "sc_board": [{"ENGINE": 1, "SUM_W": 14, "LOG2_SETTLE": 2}],
    **{
        top: [{"ENGINE": 1, "SUM_W": 14, "POOL": 1}, {"WEIGHT_FILE": '"words.mem"', "LANES": 7}]
        for top in ("sc_bram_board", *dict.fromkeys(b.top for b in BOARDS.values() if b.top != "sc_icebreaker"))
    },
    "sc_system": [
        {"LANES": 1, "LOG2L": 5},
        {"LANES": 12, "LOG2L": 8, "LOG2_ENTRIES": 12, "WEIGHT_AW": 17},
        {**CONV, "LANES": 5, "LOG2_PAYLOAD": 11},
    ],
}


def board_files() -> list[Path]:
    """Return every Verilog file of the boards' folders, in a fixed order."""
    names = {"fpga/common", *(board.folder for board in BOARDS.values())}
    return sorted(path for name in names for path in (hdl_root() / name).rglob("*.v"))


def bench_files() -> list[Path]:
    """Return the Verilog tops of the benches, in a fixed order."""
    return sorted((ROOT / "tb").glob("*.v"))


def proof_files() -> list[Path]:
    """Return the harnesses of the proofs, in a fixed order."""
    return sorted((ROOT / "formal").glob("*_fv.v"))


def folders(top: Path) -> list[Path]:
    """Return the folders in which `top` finds the modules that it has."""
    if top in rtl_files():
        return [top.parent]
    common = hdl_root() / "fpga" / "common"
    found = [top.parent, top.parent / "sim", hdl_root() / "rtl", common, common / "sim"]
    return list(dict.fromkeys(folder for folder in found if folder.is_dir()))


def verilator(top: Path, parameters: Mapping[str, int | str]) -> str:
    """Return Verilator's complaints about a module, empty if there are none.

    Args:
        top: The file of the module; the modules below it are found in `folders`.
        parameters: Values of its parameters; the others keep their defaults.
    """
    options = ["--lint-only", "-Wall", "--language", "1364-2005", "--top-module", top.stem]
    options += [option for folder in folders(top) for option in ("-y", str(folder))]
    values = [f"-G{k}={v}" for k, v in parameters.items()]
    command = [*verilator_command(), *options, *values, str(top)]
    done = subprocess.run(command, env=verilator_env(), capture_output=True, text=True, check=False)
    lines = [x for x in (done.stdout + done.stderr).splitlines() if not x.startswith("- ")]
    return "\n".join(lines) if done.returncode or lines else ""


def joined(top: Path) -> set[str]:
    """Return the names of a harness that its script joins to registers, or that the solver chooses freely.

    A wire with the attribute hierconn joins by its own name, which holds the path of what it joins.
    Verilator knows neither, and finds such a wire without a driver, or a part's wire without a reader.
    """
    names = set()
    script = top.with_suffix(".sby").read_text(encoding="utf-8")
    for pair in re.findall(r"\bconnect -nounset -set (\S+) (\S+)", script):
        names |= {re.sub(r"\[[\d:]+\]$", "", path).rpartition(".")[2] for path in pair}
    free = r"\(\* any(?:const|seq) \*\)\s*(?:wire|reg)\s*(?:signed\s*)?(?:\[[^;]*?\]\s*)?([\w, ]+);"
    for found in re.findall(free, top.read_text(encoding="utf-8")):
        names |= set(re.findall(r"\w+", found))
    for found in re.findall(r"\(\*[^*]*\bhierconn\b[^*]*\*\)\s*wire\b([^;]+);", top.read_text(encoding="utf-8")):
        names |= set(re.findall(r"\\(\S+)", found))
    return names


def harness(top: Path, parameters: Mapping[str, int | str]) -> str:
    """Return Verilator's complaints about a harness, empty if there are none.

    Left out are the rules of `LOOSE`, and what cannot be a fault of a harness: see `joined`.

    Args:
        top: The file of the harness.
        parameters: Values of its parameters, those of one of its proofs (`sets`).
    """
    options = ["--lint-only", "-Wall", *(f"-Wno-{rule}" for rule in LOOSE), "--top-module", top.stem]
    values = [f"-G{k}={v}" for k, v in parameters.items()]
    command = [*verilator_command(), *options, "-y", str(hdl_root() / "rtl"), *values, str(top)]
    done = subprocess.run(command, env=verilator_env(), capture_output=True, text=True, check=False)
    known = joined(top)
    complaints = []
    for line in (done.stdout + done.stderr).splitlines():
        found = re.match(r"%(?:Warning|Error)-?(\w*): (.*)", line)
        if not found or found[2].startswith("Exiting due to"):
            continue
        name = re.search(r"'([\w.]+)'", found[2])
        if found[1] in ("UNDRIVEN", "UNUSEDSIGNAL") and name and name[1] in known:
            continue
        # A claim need not speak of every bit of a word or of a sum; a stand-in has the clock of its part.
        if found[1] == "UNUSEDSIGNAL" and name and ("Bits of signal" in found[2] or name[1] == "clk"):
            continue
        complaints.append(f"{line} with {dict(parameters)}")
    if not complaints and done.returncode and "Exiting due to" not in done.stdout + done.stderr:
        complaints.append(f"Verilator ends with {done.returncode} on {top}")
    return "\n".join(complaints)


def sets(top: Path) -> list[dict[str, int | str]]:
    """Return the parameters at which a harness is linted: its defaults, and those of its first and last proof."""
    proof = read_proof(top.with_suffix(".sby"))
    found: list[dict[str, int | str]] = [{}]
    for task in (proof.proofs[0], proof.proofs[-1]):
        pairs = [pair.split() for pair in proof.tasks[task]["parameters"].split(", ") if pair]
        own: dict[str, int | str] = {name: int(value) for name, value in pairs}
        if own not in found:
            found.append(own)
    return found


def slang(top: Path, parameters: Mapping[str, int | str]) -> str:
    """Return one line if slang has complaints about a module, and "" if it has none; slang prints what they are.

    Args:
        top: The file of the module, or of a harness of formal/, which is read by SystemVerilog's rules.
        parameters: Values of its parameters.
    """
    options = "".join(f" -G {k}={v}".replace('"', '\\"') for k, v in parameters.items())
    places = "".join(f" -y {folder}" for folder in folders(top))
    rules = "--std 1364-2005 -Wextra -Wno-unused"
    if top in proof_files():
        rules = "--std 1800-2017 --allow-use-before-declare -Wnone"
    command = f"slang {rules}{places} --libext .v --top {top.stem}{options} {top}"
    driver = Driver()
    driver.addStandardArgs()
    if not (driver.parseCommandLine(command) and driver.processOptions() and driver.parseAllSources()):
        return f"slang could not read {top}"
    compilation = driver.createCompilation()
    driver.reportCompilation(compilation, True)
    ok = driver.reportDiagnostics(True)
    engine = driver.diagEngine
    return "" if ok and engine.numErrors + engine.numWarnings == 0 else f"slang: {top.name} {parameters} is not clean"


def main() -> int:
    """Lint all, and print the complaints; return 1 if there are any, or if VARIANTS names an unknown module."""
    tops = [*rtl_files(), *board_files(), *bench_files()]
    jobs: list[Job] = [(top, p) for top in tops for p in ({}, *VARIANTS.get(top.stem, []))]
    harnesses: list[Job] = [(top, {}) for top in proof_files()]
    proven: list[Job] = [(top, p) for top in proof_files() for p in sets(top)]
    with ThreadPoolExecutor(2) as pool:
        complaints = [c for c in pool.map(lambda job: verilator(*job), jobs) if c]
        complaints += [c for c in pool.map(lambda job: harness(*job), proven) if c]
    complaints += [c for c in (slang(*job) for job in (*jobs, *harnesses)) if c]
    for complaint in complaints:
        print(complaint)
    files = len({top for top, _ in (*jobs, *harnesses)})
    number = len(jobs) + len(proven)
    print(f"RTL lint: {files} files, {number} parameter sets, Verilator and slang: {len(complaints)} complaints")
    unknown = set(VARIANTS) - {top.stem for top in tops}
    if unknown:
        print(f"VARIANTS names modules that {hdl_root()} does not have: {', '.join(sorted(unknown))}")
    return 1 if complaints or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
