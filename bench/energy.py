"""Energy of an inference on an iCE40 UP5K, an ESTIMATE: switching counted in simulation times stated coefficients.

    python bench/energy.py count [ROW …] [--images N]   into docs/plots/energy.csv (one row: a minute or two)
    python bench/energy.py reference                    the published designs' switching, likewise
    python bench/energy.py write                        docs/energy.md's table, from those two files
    python bench/energy.py power [ROW …] --rate R       the average power at R inferences a second, from the same files

A row is NETWORK-ARITHMETIC, e.g. mnist-small-stochastic or mnist-small-integer. Counted is the netlist of sc_core after
`synth_ice40 -device u -abc9` (the options of the board's build), a clock at a time, on the first N test images; its
scores are compared with the golden model's (integer rows: with the RTL's in Verilator). Nothing here was measured on a
board; docs/energy.md tells how to.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from document import put_table, write_csv
from sc_neurocore import artifact, data, golden, packed
from sc_neurocore.errors import ScError, require
from sc_neurocore.hardware import rtl_sim, tools
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.core import CoreConfig, write_core_image
from sc_neurocore.hardware.estimate import plan
from sc_neurocore.hardware.image import TABLE_FILE, WEIGHT_FILE
from sc_neurocore.network import Network
from sc_neurocore.paths import cache_folder, rtl_files

ROOT = Path(__file__).resolve().parents[1]
SIM = Path(__file__).with_name("energy_sim")
DOCUMENT = ROOT / "docs" / "energy.md"
COUNTS = ROOT / "docs" / "plots" / "energy.csv"
REFERENCE = ROOT / "docs" / "plots" / "energy_reference.csv"
BOARD = BOARDS["icebreaker"]
SYNTH = "-device u -abc9"
#: Board clock in MHz that `sc-neurocore build train/networks/NETWORK --board icebreaker [--mac]` reports
#: (fpga/README.md). Dynamic energy does not depend on it.
ROWS = {
    "mnist-small-stochastic": 30.0,
    "mnist-small-integer": 30.0,
    "mnist-conv-stochastic": 27.0,
    "mnist-conv-integer": 24.0,
    "mnist-spiking-stochastic": 24.0,
}
#: Where it is not the board's default: the integer peer's wider sums leave room for no more; the network in steps is
#: that of docs/measured.md.
LANES = {"mnist-conv-integer": 4, "mnist-spiking-stochastic": 6}
#: Inferences a second for which the average power is stated: a slow sensor, a camera, a fast one.
RATES = (1, 30, 1000)
KINDS = ("clocks", "lut", "ff", "carry", "enabled", "reads", "writes", "moved")
SIZES = ("luts", "ffs", "carries", "rams")
FIELDS = (
    "row", "network", "arithmetic", "lanes", "memory", "blocks", "clock_mhz", "images", "correct", *SIZES, *KINDS,
)  # fmt: skip

#: Core current in µA of an iCE40 UP5K at 1.219 V, and the current of its PLL rail, as measured with a Joulescope
#: JS110 by https://github.com/tinyvision-ai-inc/ice40_power (README.md, commit 57d2ec5).
VOLTS = 1.219
HALTED = 92.1  # external clock stopped, one 24-bit counter
EXTERNAL_12MHZ = {1: 613.5, 2: 616.65, 4: 624.2, 8: 641.3}  # that many 28-bit counters
INTERNAL_12MHZ, INTERNAL_12MHZ_PRODUCT = 645.0, 996.0  # a 24-bit counter; and an 8 × 8 product in LUTs
INTERNAL = {6: 388.4, 12: 645.0, 24: 1162.0, 48: 2184.0}  # internal oscillator, MHz: a 24-bit counter
PLL_CORE = {16: 1419.0, 32: 2029.0, 48: 2573.0}  # with the PLL, MHz out of it: a 24-bit counter
PLL_RAIL = {16: 138.6, 32: 138.9, 48: 103.6}
#: An SRAM read of 64 bits at 0.9 V in 45 nm, in pJ: 10 from 8 kB, 20 from 32 kB (M. Horowitz, "Computing's energy
#: problem (and what we can do about it)", ISSCC 2014). For 16 bits: a quarter if energy follows the width, all of it if
#: the array decides.
SRAM_PJ = {"block RAM": 10.0, "SPRAM": 20.0}
SRAM_VOLTS = 0.9
VCC = 1.2

#: Others on MNIST, as their authors state it: name, accuracy in %, mJ an image, how that figure comes.
RIVALS = (
    ("Spiker+", 93.85, 0.14, "180 mW × 0.78 ms"),
    ("Flexi-NeurA", 97.23, 0.12, "111 mW × 1.1 ms"),
    ("ReSCom", 92.80, 0.05, "stated per image"),
)


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Energy of each kind of event on the iCE40 UP5K, in pJ, and powers that are always there, in mW.

    Attributes:
        clock: A clock period: the pad and the clock tree, in pJ.
        flop: The clock of one flip-flop, in pJ.
        toggle: A toggle of a net, in pJ.
        block_ram: An access to a block RAM, in pJ.
        spram: An access to an SPRAM, in pJ.
        static_mw: Leakage, in mW.
        pll_mw: The PLL, in mW.
    """

    clock: float
    flop: float
    toggle: float
    block_ram: float
    spram: float
    static_mw: float
    pll_mw: float


def coefficients(reference: Mapping[str, Mapping[str, float]]) -> dict[str, Coefficients]:
    """Return the coefficients low, estimate and high; `reference` has the switching a clock of the measured designs.

    One counter's current above the halted clock is the clock; a further counter is the least that a toggle takes
    (neighbouring cells, no glitch), and its current over its flip-flops the most that a flip-flop's clock takes; the
    product, with long wires and a multiplier's glitches, is what a toggle of arithmetic takes. A third is that over 2.
    """
    scale = (VCC / VOLTS) ** 2

    def picojoules(microamperes: float, mhz: float) -> float:
        return microamperes * VOLTS / mhz * scale

    counter = picojoules((EXTERNAL_12MHZ[8] - EXTERNAL_12MHZ[1]) / 7, 12)
    one = {k: (reference["counters8"][k] - reference["counters1"][k]) / 7 for k in ("lut", "ff", "ffs")}
    clock = picojoules(EXTERNAL_12MHZ[1] - HALTED, 12) - counter
    flop = counter / one["ffs"]
    low = counter / (one["lut"] + one["ff"])
    product = {k: reference["product"][k] - reference["counter24"][k] for k in ("lut", "ff", "ffs")}
    spent = picojoules(INTERNAL_12MHZ_PRODUCT - INTERNAL_12MHZ, 12) - product["ffs"] * flop
    toggle = spent / (product["lut"] + product["ff"])
    slope = (INTERNAL[48] - INTERNAL[12]) / 36
    base = INTERNAL[12] - 12 * slope
    pll = [PLL_CORE[f] - base - slope * f + PLL_RAIL[f] for f in PLL_CORE]
    ram = {k: v * (VCC / SRAM_VOLTS) ** 2 for k, v in SRAM_PJ.items()}
    static, pll_mw = HALTED * VCC * 1e-3, sum(pll) / len(pll) * VCC * 1e-3

    def made(flop: float, toggle: float, access: float) -> Coefficients:
        return Coefficients(clock, flop, toggle, access * ram["block RAM"], access * ram["SPRAM"], static, pll_mw)

    return {"low": made(0.0, low, 1 / 16), "estimate": made(flop, toggle, 1 / 4), "high": made(flop, 2 * toggle, 1.0)}


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of one image, in µJ.

    Attributes:
        clock: The clock: pad, clock tree and flip-flops.
        toggles: Nets that toggle.
        memory: Accesses to memories.
        static: Leakage.
        pll: The PLL.
    """

    clock: float
    toggles: float
    memory: float
    static: float
    pll: float

    @property
    def dynamic(self) -> float:
        """The part of the core that switches: clock, toggles and memory."""
        return self.clock + self.toggles + self.memory

    @property
    def total(self) -> float:
        """The sum of all parts."""
        return self.dynamic + self.static + self.pll


def energy(counted: Mapping[str, Any], c: Coefficients) -> Energy:
    """Return the energy of one image, from the counts of a row, which are for one image."""
    n = {k: float(counted[k]) for k in (*KINDS, *SIZES, "blocks", "clock_mhz")}
    weights = n["blocks"] * n["clocks"] * (c.spram if counted["memory"] == "SPRAM" else c.block_ram)
    us = n["clocks"] / n["clock_mhz"]
    return Energy(
        clock=n["clocks"] * (c.clock + n["ffs"] * c.flop) * 1e-6,
        toggles=(n["lut"] + n["ff"]) * c.toggle * 1e-6,
        memory=((n["reads"] + n["writes"]) * c.block_ram + weights) * 1e-6,
        static=c.static_mw * us * 1e-3,
        pll=c.pll_mw * us * 1e-3,
    )


def link(counted: Mapping[str, Any], c: Coefficients) -> float:
    """Return the µJ of clock, memories, leakage and PLL while one image's bytes come over the board's UART.

    The memories are enabled then too: every block is read in every clock.
    """
    inputs = artifact.load(ROOT / "train" / "networks" / str(counted["row"]).rsplit("-", 1)[0]).input.size
    n = {k: float(counted[k]) for k in ("clock_mhz", "ffs", "rams", "blocks")}
    weights = n["blocks"] * (c.spram if counted["memory"] == "SPRAM" else c.block_ram)
    picojoules = c.clock + n["ffs"] * c.flop + n["rams"] * c.block_ram + weights
    milliwatts = n["clock_mhz"] * picojoules * 1e-3 + c.static_mw + c.pll_mw
    return milliwatts * 10 * inputs / BOARD.baud * 1e3


@dataclass(frozen=True, slots=True)
class Power:
    """Average power at a number of inferences a second, in µW.

    Attributes:
        active: What the inferences add: their clock, toggles and memory.
        waiting: The clock, its flip-flops and the memories, which are always enabled, in the time between. Nothing
            where the clock stands still then.
        static: Leakage.
        pll: The PLL.
    """

    active: float
    waiting: float
    static: float
    pll: float

    @property
    def total(self) -> float:
        """The sum of all parts."""
        return self.active + self.waiting + self.static + self.pll


def power(counted: Mapping[str, Any], c: Coefficients, rate: float, *, stopped: bool = False) -> Power:
    """Return the average power at `rate` inferences a second, of which none overlap.

    Args:
        counted: A row of counts, which are for one image.
        c: The coefficients.
        rate: Inferences a second.
        stopped: Whether clock and PLL stand still between inferences.

    Raises:
        ScError: So many inferences take longer than a second.
    """
    busy = rate * float(counted["clocks"]) / float(counted["clock_mhz"]) * 1e-6
    require(busy <= 1, f"{counted['row']}: {rate} inferences take {busy:.2f} s, more than a second")
    e, running = energy(counted, c), busy if stopped else 1.0
    n = {k: float(counted[k]) for k in ("clock_mhz", "ffs", "rams", "blocks")}
    weights = n["blocks"] * (c.spram if counted["memory"] == "SPRAM" else c.block_ram)
    idle = n["clock_mhz"] * (c.clock + n["ffs"] * c.flop + n["rams"] * c.block_ram + weights)
    return Power(
        active=e.dynamic * rate,
        waiting=idle * (running - busy),
        static=c.static_mw * 1e3,
        pll=c.pll_mw * 1e3 * running,
    )


_PINS = {"SB_LUT4": ("I0", "I1", "I2", "I3"), "SB_CARRY": ("CI", "I0", "I1")}
#: Flip-flops on the rising edge without asynchronous reset: the pins of enable and reset, and what reset gives.
_FLOPS = {
    "SB_DFF": ("", "", 0), "SB_DFFE": ("E", "", 0), "SB_DFFSR": ("", "R", 0), "SB_DFFSS": ("", "S", 1),
    "SB_DFFESR": ("E", "R", 0), "SB_DFFESS": ("E", "S", 1),
}  # fmt: skip


def netlist(top: str, sources: list[Path], parameters: Mapping[str, object], folder: Path) -> dict[str, int]:
    """Synthesise `top` into folder/netlist, which energy_sim/netlist.cpp reads; return how many of each kind.

    The folder holds what the sources read.
    """
    tool = tools.find("yosys")
    sets = " ".join(f"-set {k} {v}" for k, v in parameters.items())
    (folder / "run.ys").write_text(
        f"read_verilog -defer {' '.join(map(str, sources))}\nchparam {sets} {top}\nhierarchy -check -top {top}\n"
        f"synth_ice40 {SYNTH} -top {top}\nwrite_json mapped.json\n"
    )
    done = subprocess.run(
        [*tool.command, "-q", "-s", "run.ys"], cwd=folder, env=tool.environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    require(done.returncode == 0, f"Yosys failed:\n{(done.stderr or done.stdout)[-3000:]}")
    module = json.loads((folder / "mapped.json").read_text())["modules"][top]
    top_net = max(b for net in module["netnames"].values() for b in net["bits"] if isinstance(b, int))
    gates: dict[int, tuple[str, list[int]]] = {}
    other, sizes = [], dict.fromkeys(SIZES, 0)

    def nets(cell: dict[str, Any], pin: str, absent: int = 0) -> list[int]:
        # 0 and 1 are the constants, as Yosys' numbers begin with 2; what is open is 0.
        bits = cell["connections"].get(pin) or [absent]
        return [b if isinstance(b, int) else int(b == "1") for b in bits]

    for cell in module["cells"].values():
        kind, parameter = cell["type"], cell["parameters"]
        if kind in _PINS:
            ins = [nets(cell, pin)[0] for pin in _PINS[kind]]
            lut = kind == "SB_LUT4"
            table = [int(parameter["LUT_INIT"], 2)] if lut else []
            out = nets(cell, "O" if lut else "CO")[0]
            gates[out] = (" ".join(map(str, ["lut" if lut else "carry", out, *ins, *table])), ins)
            sizes["luts" if lut else "carries"] += 1
        elif kind in _FLOPS:
            enable, reset, value = _FLOPS[kind]
            pins = nets(cell, "Q") + nets(cell, "D") + nets(cell, enable, 1) + nets(cell, reset)
            other.append(" ".join(map(str, ["ff", *pins, value])))
            sizes["ffs"] += 1
        elif kind == "SB_RAM40_4K":
            init = 0
            for k in range(16):
                bits = parameter.get(f"INIT_{k:X}", "0").replace("x", "0")
                init |= int(bits, 2) << 256 * k
            modes = [int(parameter.get(x, "0"), 2) for x in ("READ_MODE", "WRITE_MODE")]
            pins = [nets(cell, pin, absent)[0] for pin, absent in (("RE", 0), ("RCLKE", 1), ("WE", 0), ("WCLKE", 1))]
            for pin, width in (("RADDR", 11), ("WADDR", 11), ("WDATA", 16), ("MASK", 16), ("RDATA", 16)):
                found = nets(cell, pin)
                pins += found + [0] * (width - len(found))
            words = [init >> 16 * k & 0xFFFF for k in range(256)]
            other.append(" ".join(map(str, ["ram", *modes, *pins, *words])))
            sizes["rams"] += 1
        elif kind != "$scopeinfo":
            raise ScError(f"{top} has a cell that is not known here: {kind}")
    lines = [f"nets {top_net + 1}", *other]
    sorter = TopologicalSorter({out: [b for b in ins if b in gates] for out, (_, ins) in gates.items()})
    lines += [gates[out][0] for out in sorter.static_order()]
    for name, port in module["ports"].items():
        lines.append(" ".join(["port", name, *(str(b) if isinstance(b, int) else b for b in port["bits"])]))
    (folder / "netlist").write_text("\n".join(lines) + "\n")
    return sizes


def simulator() -> Path:
    """Return the executable of energy_sim/netlist.cpp, compiling it if the cache has none."""
    source = SIM / "netlist.cpp"
    folder = cache_folder("energy")
    binary = folder / hashlib.sha256(source.read_bytes()).hexdigest()[:24]
    if not binary.is_file():
        with tempfile.TemporaryDirectory(dir=folder) as work:
            made = Path(work) / "netlist"
            command = [os.environ.get("CXX", "c++"), "-std=c++17", "-O2", "-o", str(made), str(source)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            require(done.returncode == 0, f"the simulator was not compiled:\n{done.stderr[-3000:]}")
            os.replace(made, binary)
    return binary


def _simulate(folder: Path, *arguments: object) -> NDArray[np.int64]:
    command = [str(simulator()), "netlist", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    require(done.returncode == 0, f"the simulation failed: {done.stderr[-2000:]}")
    return np.array([line.split() for line in done.stdout.splitlines()], dtype=np.int64)


def count(
    network: Network,
    codes: NDArray[np.uint16],
    config: CoreConfig,
    *,
    flops: Path | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, int]]:
    """Return KINDS an image (in columns), the scores and the netlist's SIZES.

    flops: a file for the flip-flops' values, clock by clock, of the first image.
    """
    require(config.word_bits <= 64, f"a weight word must have at most 64 bits, got {config.word_bits}")
    images = network.check_codes(codes)
    with tempfile.TemporaryDirectory(prefix="sc-neurocore-") as temporary:
        folder = Path(temporary)
        write_core_image(network, config, folder)
        parameters = config.parameters() | {"TABLE_FILE": f'"{TABLE_FILE}"'}
        sizes = netlist("sc_core", rtl_files(), parameters, folder)
        (folder / "codes").write_bytes(images.astype("<u2").tobytes())
        found = _simulate(
            folder, "core", WEIGHT_FILE, "codes", len(images), images[0].size, network.classes,
            *([flops.resolve()] if flops else []),
        )  # fmt: skip
    return found[:, : len(KINDS)], found[:, len(KINDS) :], sizes


def count_row(row: str, images: int) -> dict[str, Any]:
    """Return a row of FIELDS: means over the images."""
    name, arithmetic = row.rsplit("-", 1)
    network = artifact.load(ROOT / "train" / "networks" / name)
    mac = arithmetic == "integer"
    placed = plan(network, BOARD, lanes=LANES.get(row), mac=mac)
    mnist = data.load("mnist")
    codes = network.encode(mnist.x_test[:images])
    counts, scores, sizes = count(network, codes, placed.config)
    if mac:
        expected = rtl_sim.run(network, codes, config=placed.config).scores
    else:
        # The golden model takes minutes for networks in steps.
        expected = (golden if network.steps is None else packed).run(network, codes).scores
    require(np.array_equal(scores, expected), f"{row}: the netlist's scores differ")
    words = 1 << placed.config.weight_aw
    blocks = placed.large_rams or BOARD.rams_for(placed.config.word_bits, words)
    correct = int((scores.argmax(axis=1) == mnist.y_test[:images]).sum())
    return {
        "row": row, "network": f"{name}, {network.topology}", "arithmetic": arithmetic, "lanes": placed.config.lanes,
        "memory": placed.weights, "blocks": blocks, "clock_mhz": ROWS[row], "images": images, "correct": correct,
        **sizes, **dict(zip(KINDS, counts.mean(axis=0).round(1).tolist(), strict=True)),
    }  # fmt: skip


def reference(clocks: int = 1 << 16) -> dict[str, dict[str, float]]:
    """Return the switching a clock of the measured designs, and their flip-flops."""
    out = {}
    for name, parameters in {
        "counters1": {"COUNTERS": 1, "WIDTH": 28, "PRODUCT": 0},
        "counters8": {"COUNTERS": 8, "WIDTH": 28, "PRODUCT": 0},
        "counter24": {"COUNTERS": 1, "WIDTH": 24, "PRODUCT": 0},
        "product": {"COUNTERS": 1, "WIDTH": 24, "PRODUCT": 1},
    }.items():
        with tempfile.TemporaryDirectory(prefix="sc-neurocore-") as temporary:
            sizes = netlist("reference", [SIM / "reference.v"], parameters, Path(temporary))
            switched = (_simulate(Path(temporary), "clock", clocks)[0] / clocks).tolist()
        out[name] = dict(zip(("lut", "ff", "carry"), switched, strict=True)) | {k: float(sizes[k]) for k in SIZES}
    return out


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file of values."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _coefficients_now() -> dict[str, Coefficients]:
    return coefficients({r["design"]: {k: float(v) for k, v in r.items() if k != "design"} for r in read(REFERENCE)})


def table(rows: list[dict[str, str]], c: Mapping[str, Coefficients]) -> list[str]:
    """Return the document's tables."""
    out = [
        "Switching of one image (mean):",
        "",
        "| network | arithmetic | lanes | weights in | images | LUTs, FFs, RAMs of the core | clocks "
        "| LUT toggles | FF toggles | carry toggles | FF clocks | RAM reads, writes | weight reads |",
        "|---|---|---:|---|---:|---|---:|---:|---:|---:|---:|---|---:|",
    ]
    for r in rows:
        clocks = float(r["clocks"])
        out.append(
            f"| {r['network']} | {r['arithmetic']} | {r['lanes']} | {r['memory']}, {r['blocks']} | {r['images']} "
            f"| {int(r['luts']):,}, {r['ffs']}, {r['rams']} | {clocks:,.0f} "
            f"| {float(r['lut']):,.0f} | {float(r['ff']):,.0f} | {float(r['carry']):,.0f} "
            f"| {clocks * int(r['ffs']):,.0f} | {float(r['reads']):,.0f}, {float(r['writes']):,.0f} "
            f"| {clocks * int(r['blocks']):,.0f} |"
        )
    out += [
        "",
        "**Estimate** of the energy of one image, µJ, 1.2 V core, not measured:",
        "",
        "| network | arithmetic | board clock MHz | µs | clock and FFs | toggles | memories | **dynamic** | static "
        "| PLL | **total** | range | over the UART |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---:|",
    ]
    for r in rows:
        low, mid, high = (energy(r, c[k]) for k in ("low", "estimate", "high"))
        out.append(
            f"| {r['network']} | {r['arithmetic']} | {float(r['clock_mhz']):.0f} "
            f"| {float(r['clocks']) / float(r['clock_mhz']):.1f} "
            f"| {mid.clock:.3f} | {mid.toggles:.3f} | {mid.memory:.3f} | **{mid.dynamic:.3f}** "
            f"| {mid.static:.3f} | {mid.pll:.3f} | **{mid.total:.3f}** | {low.total:.2f} … {high.total:.2f} "
            f"| {link(r, c['estimate']):.1f} |"
        )
    out += [
        "",
        "**Estimate** of the average power of the core at a sensor's rate, µW, not measured:",
        "",
        "| network | arithmetic | inferences a second | busy | active | clock and memories between | static | PLL "
        "| **total** | range | clock and PLL stopped between |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---|---:|",
    ]
    for r in rows:
        if r["arithmetic"] != "stochastic":
            continue
        for rate in RATES:
            low, mid, high = (power(r, c[k], rate) for k in ("low", "estimate", "high"))
            busy = rate * float(r["clocks"]) / float(r["clock_mhz"]) * 1e-4
            out.append(
                f"| {r['network']} | {r['arithmetic']} | {rate:,} | {busy:.2g} % | {mid.active:,.1f} "
                f"| {mid.waiting:,.0f} | {mid.static:,.0f} | {mid.pll:,.0f} | **{mid.total:,.0f}** "
                f"| {low.total:,.0f} … {high.total:,.0f} | {power(r, c['estimate'], rate, stopped=True).total:,.0f} |"
            )
    out += [
        "",
        "Beside the rivals:",
        "",
        "| design | MNIST test accuracy % | µJ an image | what it is |",
        "|---|---:|---:|---|",
        *(f"| {name} | {accuracy:.2f} | {1000 * mj:.0f} | as published: {how} |" for name, accuracy, mj, how in RIVALS),
    ]
    for r in rows:
        if r["arithmetic"] == "stochastic":
            name = r["network"].partition(",")[0]
            mean, over = energy(r, c["estimate"]).total, link(r, c["estimate"])
            accuracy = 100 * artifact.load(ROOT / "train" / "networks" / name).info["bit_true_test_accuracy"]
            out.append(f"| {name} | {accuracy:.2f} | {mean:.1f}; with UART {mean + over:.0f} | **estimate**, core |")
    names = {
        "clock": "one clock period: input pad and clock tree, pJ",
        "flop": "one clock period at one flip-flop, pJ",
        "toggle": "one toggle of the output of a LUT or flip-flop, pJ",
        "block_ram": "one access of a block RAM (16 bits), pJ",
        "spram": "one access of an SPRAM (16 bits), pJ",
        "static_mw": "static power, mW",
        "pll_mw": "power of the PLL, mW",
    }
    out += ["", "Coefficients:", "", "| coefficient | low | estimate | high |", "|---|---:|---:|---:|"]
    out += [
        f"| {text} | " + " | ".join(f"{getattr(c[k], name):.3g}" for k in ("low", "estimate", "high")) + " |"
        for name, text in names.items()
    ]
    return out


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["count", "reference", "write", "power"])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; default all")
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1.0, help="inferences a second (default: 1)")
    options = parser.parse_args(argv)
    try:
        require(set(options.rows) <= set(ROWS), f"rows must be of {', '.join(ROWS)}, got {' '.join(options.rows)}")
        if options.what == "count":
            kept = {r["row"]: dict(r) for r in read(COUNTS)} if COUNTS.is_file() else {}
            for row in options.rows or ROWS:
                kept[row] = count_row(row, options.images)
                write_csv(COUNTS, FIELDS, [kept[r] for r in ROWS if r in kept])
                print(kept[row], flush=True)
        elif options.what == "reference":
            found = reference()
            fields = ("design", "lut", "ff", "carry", *SIZES)
            write_csv(REFERENCE, fields, [{"design": k, **v} for k, v in found.items()])
            print(coefficients(found))
        elif options.what == "power":
            require(0 <= options.rate < float("inf"), f"rate must be at least 0, got {options.rate}")
            for row in (r for r in read(COUNTS) if r["row"] in (options.rows or ROWS)):
                for name, c in _coefficients_now().items():
                    p = power(row, c, options.rate)
                    print(f"{row['row']} {name}: {p.total:.1f} µW, {p}")
        else:
            put_table(DOCUMENT, table(read(COUNTS), _coefficients_now()))
    except ScError as e:
        print(f"energy: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
