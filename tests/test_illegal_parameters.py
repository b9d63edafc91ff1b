"""Every RTL module refuses every illegal parameter by name, in Verilator, Yosys and, where it is installed, Icarus;
the legal extremes elaborate."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache

import pytest

from sc_neurocore.hardware.tools import verilator_command, verilator_env
from sc_neurocore.paths import rtl_files

FILES = [str(path) for path in rtl_files()]

# Module → parameter → least and greatest legal value.
ENGINE = {"LOG2L": (2, 8), "LANES": (1, 64), "FRAC": (0, 15), "LOG2_ENTRIES": (2, 12), "WEIGHT_AW": (1, 24)}
ENGINE |= {"TABLE_AW": (3, 8), "MAC": (0, 1)}
CORE = ENGINE | {"ENGINE": (0, 2)}
SPATIAL = {"INPUTS": (1, 4095), "NEURONS": (1, 1024), "LOG2L": (2, 12), "PIPE": (0, 1), "ADDER": (0, 1)}
CONV_LANE = {"LOG2L": (2, 8), "SUM_W": (6, 32), "POOL": (0, 1), "MAC": (0, 1)}  # SUM_W: at the default LOG2L = 4
CONV_VISIT = {"LOG2L": (2, 8), "LANES": (1, 64), "ACC_AW": (1, 14), "WEIGHT_AW": (1, 24)}
CONV_ENGINE = CONV_LANE | CONV_VISIT | {"FRAC": (0, 15), "ACT_AW": (2, 16), "TABLE_AW": (5, 12)}
LIF = {
    "WIDTH": (4, 32),
    "LEAK_MODE": (0, 1),
    "LEAK_SHIFT": (0, 15),  # at the default WIDTH = 16
    "RESET_MODE": (0, 1),
    "REFRACTORY": (0, 255),
}
UNIT = {"WIDTH": (4, 32), "LEAK_MODE": (0, 1), "RESET_MODE": (0, 1), "REFRACTORY": (0, 1)}
SPIKE_CTRL = {"LANES": (1, 64), "LOG2_ENTRIES": (2, 12), "TABLE_AW": (4, 12), "STATE_AW": (1, 16)}
SPIKE_CTRL |= {"HISTORY_AW": (1, 12), "DELAY_AW": (0, 8), "CONSTANT": (0, 1), "BITS": (0, 1)}
RANGES: dict[str, dict[str, tuple[int, int]]] = {
    "sc_alif_unit": UNIT | {"CURRENT_W": (2, 40)},
    "sc_apc": {"N": (1, 4096)},
    "sc_axi": CORE,
    "sc_axi_lite": {"ADDR_W": (3, 32)},
    "sc_axi_regs": {},
    "sc_axi_stream": {"CODE_W": (1, 16), "COUNT_W": (1, 16), "SUM_W": (2, 32)},
    "sc_conv_ctrl": {k: v for k, v in CONV_VISIT.items() if k != "LOG2L"} | {"ACT_AW": (2, 16), "COORD_AW": (4, 11)},
    "sc_conv_engine": CONV_ENGINE,
    "sc_conv_lane": CONV_LANE,
    "sc_conv_scan": CONV_VISIT | {"ACT_AW": (2, 16), "COORD_AW": (4, 11), "POOL": (0, 1)},
    "sc_conv_sums": CONV_LANE | {"LANES": (1, 64), "ACC_AW": (1, 14)},
    "sc_conv_visit": CONV_VISIT,
    "sc_core": CORE,
    "sc_correlator": {"DEPTH": (1, 64)},
    "sc_counter": {"LOG2L": (2, 24)},
    "sc_counter_source": {"LOG2L": (2, 12)},
    "sc_crc16": {},
    "sc_crc32": {},
    "sc_decorrelator": {"LOG2_DEPTH": (1, 8)},
    "sc_engine": ENGINE,
    "sc_engine_ctrl": {"LOG2L": (2, 8), "LANES": (1, 64), "LOG2_ENTRIES": (2, 12), "TABLE_AW": (3, 8)},
    "sc_flash_image": {"HEAD_BYTES": (1, 20), "WORD_W": (3, 576), "WEIGHT_AW": (1, 24), "TABLE_AW": (3, 12)},
    "sc_flash_loader": {},
    # At the defaults WIDTH = 8 and SHIFT = 0.
    "sc_fold_if": {"WIDTH": (2, 32), "COUNT_W": (1, 7), "SHIFT": (0, 16), "START": (-128, 127), "STEP": (0, 127)},
    "sc_host": {"LOG2_PAYLOAD": (9, 15), "LOG2_TIMEOUT": (5, 24)},
    "sc_host_exec": {},
    "sc_host_frame": {"LOG2_PAYLOAD": (9, 15), "LOG2_TIMEOUT": (5, 24), "KEEP": (0, 1)},
    "sc_host_steps": {"LOG2_ENTRIES": (2, 12)},
    "sc_lane": {"LOG2L": (2, 8), "ACC_W": (6, 32), "MAC": (0, 1)},  # ACC_W: at the default LOG2L = 4
    "sc_leak": {"WIDTH": (4, 32), "LEAK_MODE": (0, 1)},
    "sc_lfsr_source": {"LOG2L": (3, 24), "SEED": (1, 15)},  # SEED: at the default LOG2L = 4
    "sc_lif": LIF,
    "sc_lif_step": LIF,
    "sc_lif_unit": UNIT | {"CURRENT_W": (2, 40)},
    "sc_mem": {"WIDTH": (1, 4096), "DEPTH": (2, 1 << 24)},
    "sc_mul": {"N": (1, 4096)},
    "sc_mul_bipolar": {"N": (1, 4096)},
    "sc_mux_add": {"LOG2N": (1, 12)},
    "sc_network": CORE,
    "sc_serial_argmax": {"N": (1, 1024), "WIDTH": (2, 32)},
    "sc_sng": {"LOG2L": (2, 12)},
    "sc_sobol_source": {"LOG2L": (2, 12), "DIM": (0, 9)},
    "sc_spi_read": {"LOG2_WAKE": (2, 20)},
    "sc_spike_ctrl": SPIKE_CTRL | {"WORDS": (2, 8)},
    "sc_spike_engine": SPIKE_CTRL
    | UNIT
    | {"LOG2L": (2, 8), "FRAC": (0, 15), "WEIGHT_AW": (1, 24), "NEURON": (0, 2), "SUM_W": (4, 32)},
    "sc_spike_layer": {"LANES": (1, 64), "LOG2_ENTRIES": (2, 12), "STATE_AW": (1, 16), "WORDS": (2, 8)},
    "sc_spike_score": {"SUM_W": (4, 32), "CONSTANT": (0, 1)},
    "sc_stream_argmax": {"N": (1, 1024), "WIDTH": (2, 32)},
    "sc_stream_dense": SPATIAL | {"NEURON": (0, 1), "THETA": (1, 65535), "FRAC": (0, 15)},
    "sc_stream_encode": {"INPUTS": (1, 4095), "LOG2L": (2, 12)},
    "sc_stream_lif": SPATIAL | {"FRAC": (0, 15), "WIDTH": (4, 32), "BETA": (0, 255)},
    "sc_stream_neurons": SPATIAL | {"SHIFT": (0, 39), "CURRENT_W": (1, 64), "STATE_W": (1, 1024)},
    "sc_stream_port": {
        "INPUTS": (1, 4095),
        "CODE_W": (1, 13),
        "DATA_W": (8, 64),
        "PERIOD": (1, 8192),
        "HOLD": (0, 8192),
        "LOG2_ANSWERS": (1, 6),
        "ANSWER_W": (1, 65535),
    },
    "sc_stream_synapses": SPATIAL,
    "sc_stream_weights": {"LOG2L": (2, 12), "WORDS": (1, 1 << 20)},
    "sc_synaptic_unit": UNIT | {"CURRENT_W": (2, 40)},
    "sc_system": CORE | {"CLOCKS_PER_BIT": (4, 65535), "LOG2_PAYLOAD": (9, 15), "LOG2_TIMEOUT": (5, 24)},
    "sc_uart_rx": {"CLOCKS_PER_BIT": (4, 65535)},
    "sc_uart_tx": {"CLOCKS_PER_BIT": (4, 65535)},
    "sc_vdc_source": {"LOG2L": (2, 12)},
    "sc_window_code": {"LOG2L": (2, 8), "ACC_W": (2, 32), "FRAC": (0, 16), "THETA_W": (1, 32)},
    "sc_window_if": {"ACC_W": (2, 32), "FRAC": (0, 16), "THETA_W": (1, 32)},
    "sc_window_if_step": {"ACC_W": (2, 32), "FRAC": (0, 16), "THETA_W": (1, 32)},
    "sc_window_sng": {"LOG2L": (2, 8), "SOURCE": (0, 1)},
}
# The message where it is not ERROR_<parameter>_must_be_in_<least>_to_<greatest>.
MESSAGES = {
    "MAC": "ERROR_MAC_must_be_0_or_1",
    "SOURCE": "ERROR_SOURCE_must_be_0_counter_or_1_vdc",
    ("sc_mem", "DEPTH"): "ERROR_DEPTH_must_be_in_2_to_2pow24",
    "LEAK_MODE": "ERROR_LEAK_MODE_must_be_0_shift_or_1_factor",
    "LEAK_SHIFT": "ERROR_LEAK_SHIFT_must_be_in_0_to_WIDTH_minus_1",
    "RESET_MODE": "ERROR_RESET_MODE_must_be_0_subtract_or_1_to_value",
    "SEED": "ERROR_SEED_must_be_in_1_to_L_minus_1",
    "NEURON": "ERROR_NEURON_must_be_0_none_or_1_window_if",
    "PIPE": "ERROR_PIPE_must_be_0_or_1",
    "DATA_W": "ERROR_DATA_W_must_be_8_16_32_or_64",
    "ADDER": "ERROR_ADDER_must_be_0_counter_or_1_mux",
    "WORDS": "ERROR_WORDS_must_be_in_1_to_2pow20",
    "COUNT_W": "ERROR_COUNT_W_must_be_in_1_to_WIDTH_minus_1_minus_SHIFT",
    "START": "ERROR_START_must_fit_WIDTH_signed_bits",
    "STEP": "ERROR_STEP_must_be_in_0_to_2pow_WIDTH_minus_1_minus_1",
    "ENGINE": "ERROR_ENGINE_must_be_0_to_2",
    "POOL": "ERROR_POOL_must_be_0_or_1",
    "SUM_W": "ERROR_SUM_W_must_hold_one_term_and_be_at_most_32",
    ("sc_axi_stream", "COUNT_W"): "ERROR_COUNT_W_must_be_in_1_to_16",
    ("sc_axi_stream", "SUM_W"): "ERROR_SUM_W_must_be_in_2_to_32",
    ("sc_spike_ctrl", "WORDS"): "ERROR_WORDS_must_be_in_2_to_8",
    ("sc_spike_layer", "WORDS"): "ERROR_WORDS_must_be_in_2_to_8",
    ("sc_spike_engine", "NEURON"): "ERROR_NEURON_must_be_0_lif_1_synaptic_or_2_alif",
    ("sc_spike_engine", "SUM_W"): "ERROR_SUM_W_must_be_in_4_to_32",
    ("sc_spike_score", "SUM_W"): "ERROR_SUM_W_must_be_in_4_to_32",
    ("sc_lane", "ACC_W"): "ERROR_ACC_W_must_hold_one_term_and_be_at_most_32",
}
# Yosys stops at the first rule that is broken, which a value may do in more than one module.
YOSYS_FIRST = {
    ("sc_axi", "LANES", 0): "ERROR_WIDTH_must_be_in_1_to_4096",
    ("sc_spike_engine", "STATE_AW", 0): "ERROR_DEPTH_must_be_in_2_to_2pow24",
    ("sc_axi", "WEIGHT_AW", 0): "ERROR_DEPTH_must_be_in_2_to_2pow24",
    ("sc_axi", "WEIGHT_AW", 25): "ERROR_DEPTH_must_be_in_2_to_2pow24",
    ("sc_network", "LANES", 0): "ERROR_WIDTH_must_be_in_1_to_4096",
    ("sc_network", "WEIGHT_AW", 0): "ERROR_DEPTH_must_be_in_2_to_2pow24",
    ("sc_network", "WEIGHT_AW", 25): "ERROR_DEPTH_must_be_in_2_to_2pow24",
    ("sc_lif", "WIDTH", 3): "ERROR_LEAK_SHIFT_must_be_in_0_to_WIDTH_minus_1",  # whose default is 4
    ("sc_conv_engine", "SUM_W", 33): "ERROR_ACC_W_must_be_in_2_to_32",
    ("sc_system", "TABLE_AW", 9): "ERROR_LOG2_PAYLOAD_must_be_at_least_TABLE_AW_plus_2",
}
CONV = {"ENGINE": 1, "TABLE_AW": 9}
Case = tuple[str, dict[str, int], str]
# Rules between parameters.
COMBINED: list[Case] = [
    ("sc_lane", {"LOG2L": 8, "ACC_W": 9}, "ERROR_ACC_W_must_hold_one_term_and_be_at_most_32"),
    ("sc_lane", {"MAC": 1, "ACC_W": 9}, "ERROR_ACC_W_must_hold_one_term_and_be_at_most_32"),
    *[
        ("sc_stream_lif", parameters, "ERROR_THETA_must_be_at_least_1_and_below_2pow_WIDTH_minus_1")
        for parameters in ({"THETA": 0}, {"THETA": 32768}, {"WIDTH": 9})
    ],
    *[
        ("sc_stream_lif", parameters, "ERROR_V_RESET_must_fit_WIDTH_and_be_below_THETA")
        for parameters in ({"THETA": 5, "V_RESET": 5}, {"V_RESET": -32769})
    ],
    *[
        (module, {"CONSTANT": 0, "DELAY_AW": 0, "BITS": 1, name: 1}, "ERROR_BITS_has_no_edges_and_no_constant_inputs")
        for module in ("sc_spike_ctrl", "sc_spike_engine")
        for name in ("CONSTANT", "DELAY_AW")
    ],
    ("sc_engine", {"MAC": 1, "FRAC": 3}, "ERROR_MAC_needs_FRAC_of_at_least_LOG2L"),
    ("sc_axi", {"MAC": 1, "LOG2L": 5}, "ERROR_MAC_needs_FRAC_of_at_least_LOG2L"),
    ("sc_network", {"MAC": 1, "LOG2L": 5}, "ERROR_MAC_needs_FRAC_of_at_least_LOG2L"),
    ("sc_system", {"MAC": 1, "LOG2L": 8}, "ERROR_MAC_needs_FRAC_of_at_least_LOG2L"),
    ("sc_conv_engine", {"MAC": 1, "FRAC": 3}, "ERROR_MAC_needs_FRAC_of_at_least_LOG2L"),
    ("sc_core", {"SUM_W": 14}, "ERROR_SUM_W_is_derived_with_ENGINE_0"),
    ("sc_core", CONV | {"MAC": 1, "LOG2L": 5}, "ERROR_MAC_needs_FRAC_of_at_least_LOG2L"),
    ("sc_core", CONV | {"ACC_AW": 15}, "ERROR_ACC_AW_must_be_in_1_to_14"),
    ("sc_core", CONV | {"TABLE_AW": 13}, "ERROR_TABLE_AW_must_be_in_5_to_12"),
    ("sc_core", CONV | {"POOL": 2}, "ERROR_POOL_must_be_0_or_1"),
    ("sc_conv_lane", {"LOG2L": 8, "SUM_W": 9}, "ERROR_SUM_W_must_hold_one_term_and_be_at_most_32"),
    ("sc_conv_lane", {"MAC": 1, "SUM_W": 9}, "ERROR_SUM_W_must_hold_one_term_and_be_at_most_32"),
    ("sc_lfsr_source", {"LOG2L": 3, "SEED": 8}, "ERROR_SEED_must_be_in_1_to_L_minus_1"),
    ("sc_lfsr_source", {"LOG2L": 24, "SEED": 1 << 24}, "ERROR_SEED_must_be_in_1_to_L_minus_1"),
    *[
        (module, {"WIDTH": width, "LEAK_SHIFT": width}, "ERROR_LEAK_SHIFT_must_be_in_0_to_WIDTH_minus_1")
        for module in ("sc_lif", "sc_lif_step")
        for width in (8, 32)
    ],
    ("sc_host", {"TABLE_AW": 8, "LOG2_PAYLOAD": 9}, "ERROR_LOG2_PAYLOAD_must_be_at_least_TABLE_AW_plus_2"),
    ("sc_system", {"TABLE_AW": 8, "LOG2_PAYLOAD": 9}, "ERROR_LOG2_PAYLOAD_must_be_at_least_TABLE_AW_plus_2"),
]


LAYERS = ("sc_stream_dense", "sc_stream_lif", "sc_stream_neurons", "sc_stream_synapses")
# Beside a great value the others are the least, which Yosys elaborates several times faster.
LEAN = {
    **{(m, "INPUTS"): {"NEURONS": 1, "LOG2L": 2} for m in LAYERS},
    **{(m, "NEURONS"): {"INPUTS": 1, "LOG2L": 2} for m in LAYERS},
    ("sc_stream_argmax", "N"): {"WIDTH": 2},
    ("sc_spike_engine", "BITS"): {"CONSTANT": 0},
}


def outside() -> list[Case]:
    """Return one case below and one above every range."""
    cases = []
    for module, parameters in RANGES.items():
        for name, (low, high) in parameters.items():
            usual = MESSAGES.get(name, f"ERROR_{name}_must_be_in_{low}_to_{high}")
            message = MESSAGES.get((module, name), usual)
            more = LEAN.get((module, name), {})
            cases += [(module, {name: value, **more}, message) for value in (low - 1, high + 1)]
    return cases


ILLEGAL = outside() + COMBINED
LEGAL = [(module, {n: r[end] for n, r in p.items()}) for module, p in RANGES.items() for end in (0, 1) if p]
# All at once these are millions of gates, or a vector that no tool holds: the greatest values come one by one.
HUGE = (*LAYERS, "sc_stream_encode", "sc_stream_weights", "sc_spike_engine")
LEGAL = [c for c in LEGAL if c[0] not in HUGE or c[1] != {n: r[1] for n, r in RANGES[c[0]].items()}]
# The least WIDTH needs values that fit it.
NARROW = {"sc_stream_lif": {"THETA": 7, "LEAK_SHIFT": 3}, "sc_fold_if": {"START": 1}}
# The greatest values of the others exclude BITS = 1.
NARROW |= {"sc_spike_ctrl": {"BITS": 0}}
# The engine of networks in steps needs neurons: the greatest of each field of STEPS. It has no MAC = 1, with which the
# lanes of the other engines are small.
GREATEST = {"STEPS": 32 << 4 | 15 << 10 | 8 << 14 | 12 << 18, "LANES": 2}
LEGAL = [(m, p | NARROW.get(m, {}) | (GREATEST if p.get("ENGINE") == 2 else {})) for m, p in LEGAL]
LEGAL += [(m, {n: r[1], **LEAN.get((m, n), {})}) for m in HUGE for n, r in RANGES[m].items() if n != "WORDS"]
LEGAL += [("sc_spike_ctrl", {"DELAY_AW": 0, "CONSTANT": 0, "BITS": 1})]


def name_of(case: object) -> str:
    return "-".join(f"{k}={v}" for k, v in case.items()) if isinstance(case, dict) else str(case)


def verilate(module: str, parameters: dict[str, int], *more: str) -> subprocess.CompletedProcess[str]:
    command = [*verilator_command(), "--lint-only", "--language", "1364-2005", "--top-module", module, *more]
    command += [*(f"-G{k}={v}" for k, v in parameters.items()), *FILES]
    return subprocess.run(
        command, env=verilator_env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


ICARUS = shutil.which("iverilog")


def icarus(module: str, parameters: dict[str, int]) -> subprocess.CompletedProcess[str]:
    command = [str(ICARUS), "-g2005", "-t", "null", "-s", module]
    command += [*(f"-P{module}.{k}={v}" for k, v in parameters.items()), *FILES]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


# Yosys ends its process on an error, so each case is a fork of one that has read the sources.
YOSYS = """
import os, sys
from pyosys import libyosys as ys
ys.run_pass("tee -q -o /dev/null read_verilog -defer " + " ".join(sys.argv[2:]))
for line in open(sys.argv[1]):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.dup2(1, 2)
        ys.run_pass(line)
        ys.log_flush()
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.write(1, b"\\nEXIT %d\\n" % status)
"""


@cache
def yosys(cases: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]) -> list[tuple[int, str]]:
    """Elaborate each (module, parameters) in Yosys; return exit status and output of each."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".ys") as script:
        for module, parameters in cases:
            # Here Yosys has no notation for a negative number but its bits.
            values = {k: v if v >= 0 else f"32'sd{v % 2**32}" for k, v in parameters}
            chosen = " ".join(f"-chparam {k} {v}" for k, v in values.items())
            script.write(f"hierarchy -check -top {module} {chosen}\n")
        script.flush()
        done = subprocess.run(
            [sys.executable, "-c", YOSYS, script.name, *FILES], capture_output=True, text=True, check=True
        )
    parts = re.split(r"\nEXIT (-?\d+)\n", done.stdout)
    return [(int(status), text) for text, status in zip(parts[0::2], parts[1::2], strict=False)]


def frozen(cases: list[tuple[str, dict[str, int]]]) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    return tuple((module, tuple(parameters.items())) for module, parameters in cases)


@pytest.mark.parametrize(("module", "parameters", "message"), ILLEGAL, ids=name_of)
def test_verilator_refuses_by_name(module: str, parameters: dict[str, int], message: str) -> None:
    done = verilate(module, parameters)
    assert done.returncode != 0
    assert message in done.stdout


# One process reads the RTL once for many cases; in parts, no test takes minutes, and they share the cores.
PARTS = 12


@pytest.mark.parametrize("part", range(PARTS))
def test_yosys_refuses_by_name(part: int) -> None:
    cases = ILLEGAL[part::PARTS]
    results = yosys(frozen([(module, parameters) for module, parameters, _ in cases]))
    assert len(results) == len(cases)
    wrong = []
    for (module, parameters, message), (status, text) in zip(cases, results, strict=True):
        wanted = YOSYS_FIRST.get((module, *next(iter(parameters.items()))), message)
        if status == 0 or wanted not in text:
            wrong.append((module, parameters, wanted, text[-300:]))
    assert not wrong


@pytest.mark.skipif(not ICARUS, reason="iverilog is not installed")
@pytest.mark.parametrize(("module", "parameters", "message"), ILLEGAL, ids=name_of)
def test_icarus_refuses_by_name(module: str, parameters: dict[str, int], message: str) -> None:
    done = icarus(module, parameters)
    assert done.returncode != 0
    assert message in done.stdout


@pytest.mark.skipif(not ICARUS, reason="iverilog is not installed")
@pytest.mark.parametrize(("module", "parameters"), LEGAL, ids=name_of)
def test_icarus_takes_the_extremes(module: str, parameters: dict[str, int]) -> None:
    done = icarus(module, parameters)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("module", "parameters"), LEGAL, ids=name_of)
def test_verilator_takes_the_extremes_without_a_warning(module: str, parameters: dict[str, int]) -> None:
    done = verilate(module, parameters, "-Wall")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("part", range(PARTS))
def test_yosys_takes_the_extremes(part: int) -> None:
    cases = LEGAL[part::PARTS]
    results = yosys(frozen(cases))
    assert len(results) == len(cases)
    refused = [(case, text[-400:]) for case, (status, text) in zip(cases, results, strict=True) if status]
    assert not refused


PARAMETER = re.compile(r"^ +parameter (\w+) += [^/\n]*// *(.*)$", re.MULTILINE)
RANGE = re.compile(r"(.+?) \.\. (\d+\^\d+|\w+)")


def test_the_table_has_every_range_of_the_headers() -> None:
    """And no other: a parameter with a range in its module's header must be tried here on both sides of it."""
    stated: dict[str, dict[str, tuple[int, int] | None]] = {}
    for path in rtl_files():
        found = stated.setdefault(path.stem, {})
        for name, comment in PARAMETER.findall(path.read_text()):
            if "which checks them" in comment:
                continue  # sc_host and sc_host_exec: the engine beside them has the same parameters
            limits = RANGE.match(comment)
            if limits:
                low, (base, _, power) = limits[1], limits[2].partition("^")
                plain = low.isdigit() and base.isdigit()  # else it depends on another parameter
                found[name] = (int(low), int(base) ** int(power or 1)) if plain else None
            elif re.match(r"0: .*[,;] 1: |0 or 1", comment):
                found[name] = (0, 2) if re.match(r"0: .*[,;] 1: .*[,;] 2: ", comment) else (0, 1)
    assert {m: set(p) for m, p in stated.items()} == {m: set(p) for m, p in RANGES.items()}
    pairs = {(m, n): (r, RANGES[m][n]) for m, p in stated.items() for n, r in p.items() if r is not None}
    wrong = {where: pair for where, pair in pairs.items() if pair[0] != pair[1]}
    assert not wrong


def test_every_message_of_the_sources_is_tried() -> None:
    names = {n for path in rtl_files() for n in re.findall(r"\b(ERROR_\w+) u_", path.read_text())}
    assert names
    assert names == {message for _, _, message in ILLEGAL}
