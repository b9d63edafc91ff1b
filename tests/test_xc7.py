"""The Arty: a project where no tool is, and builds by openXC7 and by Vivado, which scripts stand in for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from machine import program
from sc_neurocore import artifact
from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import flash as flash_module
from sc_neurocore.hardware import xc7
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.build import NO_BITSTREAM, BuildResult, build, load
from strategies import dense_network

pytestmark = pytest.mark.usefixtures("fresh_tools")


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder at the front of PATH; no tool for 7-series FPGAs is elsewhere on it."""
    for name in ("vivado", *xc7.OPEN_TOOLS):
        folders = os.environ["PATH"].split(os.pathsep)
        monkeypatch.setenv("PATH", os.pathsep.join(f for f in folders if not (Path(f) / name).exists()))
    monkeypatch.delenv(xc7.CHIPDB, raising=False)
    monkeypatch.delenv(xc7.PRJXRAY_DB, raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def test_arty_without_tools_is_a_project_and_says_what_is_missing(
    bare: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network, said = dense_network((20, 12, 4)), list[str]()
    out = tmp_path / "out"
    result = build(network, "arty-a7", out, progress=said.append)
    assert (result.bitstream, result.fmax_mhz, result.area) == (None, None, "post-synthesis")
    assert json.loads((out / "build.json").read_text())["result"]["bitstream"] is None
    assert 0 < result.lut < 20800
    assert result.ff > 0
    assert result.clock_mhz == BOARDS["arty-a7"].untimed_mhz
    for word in ("vivado was not found on PATH", "nextpnr-xilinx", "fasm2frames", "xc7frames2bit", "XC7_CHIPDB"):
        assert word in result.missing
    assert said[0].startswith(result.missing)  # before the work
    assert (result.exit_code, result.error) == (NO_BITSTREAM, result.missing)
    assert str(result.to_table()["bitstream"]).startswith("none: for want of place and route")
    project = out / "project"
    tcl = (project / "sc_neurocore.tcl").read_text()
    assert "xc7a35ticsg324-1L" in tcl
    read = re.findall(r"^read_(\w+) \{(.*)\}$", tcl, re.MULTILINE)
    assert {"verilog", "xdc", "mem"} == {kind for kind, _ in read}
    script_text = (project / "synth.ys").read_text()
    for kind, name in read:
        assert (project / name).is_file()
        assert kind != "verilog" or name in script_text
    assert "PLL_MULT=12" in tcl
    assert "PLL_DIV=24" in tcl
    assert json.loads((project / "sc_neurocore.json").read_text())["modules"]["sc_arty_a7"]["ports"].keys() == {
        *("CLK", "RST_N", "RX", "TX", "LED_BUSY", "LED_ERROR")
    }
    with pytest.raises(ScError, match="nothing to flash: no bitstream"):
        flash_module.flash(out, "arty-a7")
    again = build(network, "arty-a7", out)
    assert again.reused

    # The command says so with an exit code of its own, in the first row of its table, and as an error in JSON.
    command = ["build", str(artifact.save(network, tmp_path / "net")), "--board", "arty-a7", "--out", str(out)]
    assert main(command) == NO_BITSTREAM
    captured = capsys.readouterr()
    assert captured.err.startswith(result.missing)
    assert captured.out.startswith("bitstream             none: for want of place and route for 7-series FPGAs: ")
    assert main([*command, "--json"]) == NO_BITSTREAM
    row = json.loads(capsys.readouterr().out)
    assert (row["bitstream"], row["error"], row["exit_code"]) == (None, result.missing, NO_BITSTREAM)


FIGURES = {"lcs": 500, "lut": 500, "ff": 300, "bram": 2, "spram": 0, "dsp": 0, "fmax_mhz": None}


def build_arty(out: Path, monkeypatch: pytest.MonkeyPatch) -> BuildResult:
    def synthesise(work: Path, _: object) -> Mapping[str, Any]:
        (work / "sc_neurocore.json").write_text("{}")
        return dict(FIGURES)

    monkeypatch.setattr(xc7, "synthesise", synthesise)
    return build(dense_network((20, 12, 4)), "arty-a7", out)


OPEN = {
    "nextpnr-xilinx": """
test -f "$2" -a -f "$4" -a -f "$6" || exit 9
echo "$*" > args
: > "$8"
echo "Info: Max frequency for clock 'clk': 40.00 MHz (FAIL)" > next.log
echo "Info: Max frequency for clock 'clk': 66.50 MHz (PASS)" >> next.log
""",
    "fasm2frames": 'test -d "$4" || exit 9\ncat "$5"\necho frames',
    "xc7frames2bit": 'test -s "$6" || exit 9\necho bits > "$8"',
}


def test_arty_is_built_by_openxc7(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, body in OPEN.items():
        program(bare, name, body)
    assert xc7.placer().name == ""
    assert "nextpnr-xilinx" not in xc7.placer().missing.split("openXC7 lacks")[1].split("(")[0]
    (tmp_path / "db" / "artix7").mkdir(parents=True)
    (tmp_path / "a35t.bin").write_text("chip")
    monkeypatch.setenv(xc7.CHIPDB, str(tmp_path / "a35t.bin"))
    monkeypatch.setenv(xc7.PRJXRAY_DB, str(tmp_path / "db"))
    result = build_arty(tmp_path / "out", monkeypatch)
    # 66.5 MHz: 100 fails, then 60 is the fastest that has its margin.
    assert (result.fmax_mhz, result.clock_mhz, result.area) == (66.5, 60.0, "post-synthesis")
    assert result.missing == ""
    assert result.bitstream
    assert Path(result.bitstream).read_text() == "bits\n"
    assert "--seed 1" in (tmp_path / "out" / "project" / "args").read_text()
    assert [t.split()[0] for t in result.tools] == ["make", "yosys", *xc7.OPEN_TOOLS]
    assert load(tmp_path / "out") == result


def test_arty_is_built_by_vivado(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vivado(bare, "1.000")  # at 100 MHz, so 111.11 MHz
    result = build_arty(tmp_path / "out", monkeypatch)
    assert (result.fmax_mhz, result.clock_mhz, result.area) == (111.11, 100.0, "post-route")
    assert (result.lcs, result.lut, result.ff, result.bram) == (701, 701, 402, 3)
    assert result.bitstream
    assert Path(result.bitstream).name == "arty-a7.bit"


def test_arty_too_slow_for_every_clock(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vivado(bare, "-40.000")
    with pytest.raises(ScError, match=r"Fmax is 20\.0 MHz after place and route: the slowest clock of arty-a7 is 25"):
        build_arty(tmp_path / "out", monkeypatch)


def test_failing_vivado_is_heard(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare, "vivado", 'echo "ERROR: no licence"; exit 1')
    with pytest.raises(ScError, match=r"(?s)Vivado failed.*ERROR: no licence"):
        build_arty(tmp_path / "out", monkeypatch)
    assert not (tmp_path / "out").exists()


TIMING = """| Design Timing Summary
    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints
    -------      -------  ---------------------  -------------------
     {wns}        0.000                      0                 2113
"""

USED = """| Site Type | Used | Fixed | Available | Util% |
| Slice LUTs*                |  701 |     0 |     20800 |  3.37 |
| Slice Registers            |  402 |     0 |     41600 |  0.97 |
| Block RAM Tile    |  1.5 |     0 |        50 |  3.00 |
| DSPs      |    0 |     0 |        90 |  0.00 |
"""


def vivado(folder: Path, wns: str) -> None:
    program(
        folder,
        "vivado",
        f"""case "$*" in
*_run.tcl*) d=sc_neurocore.runs/impl_1; mkdir -p $d
cat > $d/sc_arty_a7_timing_summary_routed.rpt <<'EOF'
{TIMING.format(wns=wns)}
EOF
cat > $d/sc_arty_a7_utilization_placed.rpt <<'EOF'
{USED}
EOF
echo bits > sc_neurocore.bit;;
*) : > sc_neurocore.xpr;;
esac""",
    )
