"""The timing diagrams of docs/interfaces.md are what the RTL does: each is drawn anew from a simulation and compared.

SC_DRAW=1 pytest tb/test_waves.py     # writes them into the document instead
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from bench import settle
from runner import run
from sc_neurocore.hardware.core import core_table_words, core_weight_words
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.network import DenseLayer, InputSpec, Network

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "interfaces.md"
CONFIG = EngineConfig(log2l=4, lanes=3, frac=4, log2_entries=5, weight_aw=8, table_aw=4)  # as in test_axi: one build
NETWORK = Network(
    16, (DenseLayer(np.array([[3, -5, 7], [-2, 9, 4]]), np.array([1, -1]), None),), InputSpec((3,), 255), 4
)
CELL = 5
# A bus is drawn where the bit that guards it is 1.
GUARDS = {
    "awaddr": "awvalid", "wdata": "wvalid", "wstrb": "wvalid", "bresp": "bvalid", "araddr": "arvalid",
    "rdata": "rvalid", "rresp": "rvalid", "x": "x_valid", "y_score": "y_valid", "y_class": "y_valid",
    "table_addr": "table_we", "table_wdata": "table_we", "weight_addr": "weight_we", "weight_wdata": "weight_we",
}  # fmt: skip


class Wave:
    """Drives inputs by name and records signals, a column a clock."""

    def __init__(self, dut, clock: str, names: Sequence[str]) -> None:
        self.dut, self.clock, self.names = dut, getattr(dut, clock), names
        self.rows: dict[str, list[str]] = {name: [] for name in names}
        self.recording = False

    async def step(self, **inputs: int) -> None:
        """Set inputs, record, and let a rising edge pass."""
        for name, value in inputs.items():
            getattr(self.dut, name).value = value
        await settle()
        if self.recording:
            for name in self.names:
                self.rows[name].append(self.cell(name))
        await FallingEdge(self.clock)

    def bit(self, name: str) -> int:
        return int(getattr(self.dut, name).value)

    def cell(self, name: str) -> str:
        signal = getattr(self.dut, name)
        if len(signal) == 1:
            return ("▔" if int(signal.value) else "▁") * CELL
        head, _, tail = name.rpartition("_")
        guard = GUARDS.get(name) or (f"{head}_{GUARDS[tail]}" if tail in GUARDS else f"{head}_tvalid")
        return f"{int(signal.value):x}".center(CELL) if self.bit(guard) else ".".center(CELL)

    def text(self) -> str:
        width = max(map(len, self.names)) + 2
        count = len(self.rows[self.names[0]])
        lines = ["clock".ljust(width) + "".join(str(k).center(CELL) for k in range(count))]
        lines += [name.ljust(width) + "".join(cells) for name, cells in self.rows.items()]
        return "\n".join(line.rstrip() for line in lines) + "\n"


async def write(wave: Wave, address: int, *values: int) -> None:
    for value in values:
        await wave.step(s_axil_awvalid=1, s_axil_awaddr=address, s_axil_wvalid=1, s_axil_wdata=value, s_axil_wstrb=15)
        await wave.step(s_axil_awvalid=0, s_axil_wvalid=0, s_axil_bready=1)
        while not wave.bit("s_axil_bvalid"):
            await wave.step()
        await wave.step()


async def load(wave: Wave) -> None:
    for address, port, words in (
        (0x28, 0x2C, core_weight_words(NETWORK, CONFIG)),
        (0x20, 0x24, core_table_words(NETWORK, CONFIG)),
    ):
        await write(wave, address, 0)
        await write(wave, port, *words)


async def draw_write(wave: Wave) -> None:
    wave.recording = True
    await wave.step()
    await wave.step(s_axil_awvalid=1, s_axil_awaddr=0x28)
    await wave.step(s_axil_awvalid=0)
    await wave.step(s_axil_wvalid=1, s_axil_wdata=0x11, s_axil_wstrb=15)
    await wave.step(s_axil_wvalid=0)
    await wave.step(s_axil_awvalid=1, s_axil_awaddr=0, s_axil_wvalid=1, s_axil_wdata=0x22)
    await wave.step(s_axil_awvalid=0, s_axil_wvalid=0)
    await wave.step(s_axil_bready=1)
    for _ in range(5):
        await wave.step()


async def draw_read(wave: Wave) -> None:
    wave.recording = True
    await wave.step()
    await wave.step(s_axil_arvalid=1, s_axil_araddr=0x44)
    await wave.step(s_axil_araddr=0x1C)
    while not wave.bit("s_axil_arready"):
        await wave.step()
    await wave.step()
    await wave.step(s_axil_arvalid=0)
    await wave.step()
    await wave.step(s_axil_rready=1)
    for _ in range(6):
        await wave.step()


async def draw_windows(wave: Wave) -> None:
    await write(wave, 0x20, 2)
    await write(wave, 0x28, 7)
    wave.recording = True
    await write(wave, 0x24, 0xABC)
    await write(wave, 0x2C, 0x1234)


async def send_image(wave: Wave) -> None:
    await load(wave)
    await write(wave, 0x08, 1)
    while not wave.bit("s_axis_tready"):
        await wave.step()
    wave.recording = True
    await wave.step()
    await wave.step(s_axis_tvalid=1, s_axis_tdata=5)
    await wave.step(s_axis_tdata=16)
    await wave.step(s_axis_tvalid=0)
    await wave.step(s_axis_tvalid=1, s_axis_tdata=9, s_axis_tlast=1)
    await wave.step(s_axis_tdata=1, s_axis_tlast=0)
    await wave.step()


async def draw_answer(wave: Wave) -> None:
    await send_image(wave)
    wave.recording = False
    wave.rows = {name: [] for name in wave.names}
    while not wave.bit("y_valid"):
        await wave.step(s_axis_tvalid=0)
    wave.recording = True
    for _ in range(5):
        await wave.step()
    await wave.step(m_axis_tready=1)
    while not wave.bit("s_axis_tready"):
        await wave.step()
    await wave.step()


async def draw_bad(wave: Wave) -> None:
    """An image of one code too few, then one of two too many."""
    await load(wave)
    await write(wave, 0x08, 1)
    while not wave.bit("s_axis_tready"):
        await wave.step()
    wave.recording = True
    await wave.step(s_axis_tvalid=1, s_axis_tdata=5)
    await wave.step(s_axis_tdata=6, s_axis_tlast=1)
    await wave.step(s_axis_tdata=1, s_axis_tlast=0)
    for code in range(1, 6):
        while not wave.bit("s_axis_tready"):
            await wave.step()
        await wave.step()
        wave.dut.s_axis_tdata.value = code + 1
        wave.dut.s_axis_tlast.value = int(code == 4)
        if code == 5:
            wave.dut.s_axis_tvalid.value = 0
        await settle()
    await wave.step()


def axil(kinds: str) -> list[str]:
    return [f"s_axil_{name}" for name in kinds.split()]


AXIS_IN = [f"s_axis_{name}" for name in ("tvalid", "tready", "tdata", "tlast")]
AXIS_OUT = [f"m_axis_{name}" for name in ("tvalid", "tready", "tdata", "tuser", "tlast")]
INPUTS = [
    *axil("awvalid awaddr awprot wvalid wdata wstrb bready arvalid araddr arprot rready"),
    *("aresetn", "s_axis_tvalid", "s_axis_tdata", "s_axis_tlast", "m_axis_tready"),
]
DRAWINGS: dict[str, tuple[Sequence[str], Callable[[Wave], Awaitable[None]]]] = {
    "write": (axil("awvalid awready awaddr wvalid wready wdata bvalid bready bresp"), draw_write),
    "read": (axil("arvalid arready araddr rvalid rready rdata rresp"), draw_read),
    "windows": (["table_we", "table_addr", "table_wdata", "weight_we", "weight_addr", "weight_wdata"], draw_windows),
    "image": ([*AXIS_IN, "x_valid", "x_ready", "x"], send_image),
    "bad": ([*AXIS_IN, "x_valid", "core_rst"], draw_bad),
    "answer": (
        ["y_valid", "y_ready", "y_score", "y_class", "y_last", *AXIS_OUT],
        draw_answer,
    ),
}


@cocotb.test()
async def draws(dut):
    drawn = {}
    for name in INPUTS:
        getattr(dut, name).value = 0
    cocotb.start_soon(Clock(dut.aclk, 4, unit="ns").start(start_high=False))
    for name, (signals, draw) in DRAWINGS.items():
        wave = Wave(dut, "aclk", signals)
        await wave.step(**dict.fromkeys(INPUTS, 0))
        await wave.step()
        dut.aresetn.value = 1
        await draw(wave)
        drawn[name] = wave.text()
    Path(os.environ["SC_WAVES"]).write_text(json.dumps(drawn))


UART = ["o_ready", "i_valid", "o_tx"]


@cocotb.test()
async def draws_uart(dut):
    wave = Wave(dut, "clk", UART)
    cocotb.start_soon(Clock(dut.clk, 4, unit="ns").start(start_high=False))
    await wave.step(rst=1, i_valid=0, i_data=0xA5)
    await wave.step(rst=0)
    await wave.step(i_valid=1)
    while wave.bit("o_tx"):
        await wave.step()
    levels = []
    for _ in range(44):
        levels.append(wave.bit("o_tx"))
        await wave.step(i_valid=0)
    bits = levels[1:40:4]
    names = ["start", *(f"bit {k}" for k in range(8)), "stop"]
    line = "".join(("▔" if bit else "▁") * 7 for bit in bits)
    head = " " * 13 + "".join(name.center(7) for name in names).rstrip()
    text = f"{head}\nline A5   {'▔' * 3}{line}{'▔' * 3}\n"
    Path(os.environ["SC_WAVES"]).write_text(json.dumps({"uart": text}))


def test_the_diagrams_of_the_document_are_what_the_rtl_does(tmp_path: Path) -> None:
    drawn: dict[str, str] = {}
    for top, case, parameters in (
        ("sc_axi", "draws", CONFIG.parameters()),
        ("sc_uart_tx", "draws_uart", {"CLOCKS_PER_BIT": 4}),
    ):
        env = {"SC_WAVES": str(tmp_path / case)}
        assert run("test_waves", top, parameters, public_depth=1, testcase=case, env=env) == 1
        drawn |= json.loads((tmp_path / case).read_text())
    text = new = DOCUMENT.read_text()
    for name, wave in drawn.items():
        mark = f"<!-- drawn by tb/test_waves.py: {name} -->\n```text\n"
        assert text.count(mark) == 1, f"{DOCUMENT.name} must have a place for {name}"
        old = new.partition(mark)[2].partition("```")[0]
        new = new.replace(mark + old + "```", mark + wave + "```")
    if os.environ.get("SC_DRAW") == "1":
        DOCUMENT.write_text(new)
    else:
        assert text == new
