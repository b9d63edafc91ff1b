"""The core's parameters are one record: Verilog, configurations and documents say what it says."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.core_parameters import CONV_ONLY, CORE_PARAMETERS, CoreParameter, markdown
from sc_neurocore.hardware.image import EngineConfig

ROOT = Path(__file__).resolve().parents[1]
NAMES = [p.name for p in CORE_PARAMETERS]
CONFIGS = [(EngineConfig, False, "sc_engine"), (ConvConfig, True, "sc_conv_engine")]
#: What a module may size by default as its device wants it.
SIZES = ("LANES", "WEIGHT_AW")


def declared(text: str) -> dict[str, tuple[str, str]]:
    """Return the parameters of the first module of a file: name → (default, comment)."""
    head = text[text.index("#(") : text.index(") (")]
    rows = re.findall(r"^\s+parameter (\w+)\s*= ([^\n/]*?),?\s*(?://\s*(.*))?$", head, flags=re.M)
    return {name: (default, comment) for name, default, comment in rows}


def holders() -> list[Path]:
    """Return the Verilog files, but benches and harnesses, whose module has the whole core as parameters."""
    files = [path for folder in ("rtl", "fpga", "examples") for path in sorted((ROOT / folder).rglob("*.v"))]
    return [path for path in files if re.search(r"^ +parameter ENGINE\b", path.read_text("utf-8"), flags=re.M)]


def test_all_holders_are_found() -> None:
    wanted = {"sc_core", "sc_network", "sc_axi", "sc_system", "sc_host", "sc_host_exec", "sc_icebreaker", "soc"}
    assert wanted <= {path.stem for path in holders()}


@pytest.mark.parametrize("path", holders(), ids=lambda p: p.stem)
def test_a_module_that_holds_a_core_has_its_parameters_in_order(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = declared(text)
    assert [name for name in found if name in NAMES] == NAMES
    for parameter in CORE_PARAMETERS:
        default, _ = found[parameter.name]
        if parameter.name not in SIZES or path.stem == "sc_core":
            assert default == parameter.default, parameter.name
    # What it instantiates gets them all.
    for instance in re.findall(r"\bsc_\w+ #\(([^;]*?)\) u_\w+ \(", text[text.index(") (") :], flags=re.S):
        if ".ENGINE(" in instance:
            for name in NAMES:
                assert f".{name}({name})" in instance, name


@pytest.mark.parametrize(("config", "conv", "module"), CONFIGS)
def test_an_engine_and_its_configuration_have_the_ranges_of_the_record(config: type, conv: bool, module: str) -> None:
    text = (ROOT / "rtl" / f"{module}.v").read_text(encoding="utf-8")
    parts = set(re.findall(r"\bsc_\w+(?= #\()", text))
    inside = text + "".join((ROOT / "rtl" / f"{name}.v").read_text(encoding="utf-8") for name in parts)
    found = declared(text)
    known = {p.field(conv=conv): p for p in CORE_PARAMETERS}
    assert {f.name for f in fields(config)} <= set(known)
    for field in fields(config):
        parameter = known[field.name]
        limits = parameter.conv if conv else parameter.dense
        assert limits is not None
        low, high = limits
        name = field.name.upper()
        _, comment = found[name]
        if parameter.name == "SUM_W":
            assert comment.startswith(f"LOG2L + 2 .. {high}")
            continue
        said = re.match(r"(\d+) \.\. (\d+)", comment) or re.match(r"(\d): .*, (\d): ", comment)
        assert said is not None, comment
        assert (int(said[1]), int(said[2])) == (low, high), name
        if (low, high) != (0, 1):
            assert re.search(rf"ERROR_{name}_must_be_in_{low}_to_{high}\b", inside), name


def small(conv: bool) -> dict[str, int]:
    """Return the least value of each field."""
    made = {p.field(conv=conv): (p.conv if conv else p.dense) for p in CORE_PARAMETERS[1:]}
    return {name: limits[0] for name, limits in made.items() if limits is not None}


@pytest.mark.parametrize(("config", "conv", "module"), CONFIGS)
@pytest.mark.parametrize("parameter", CORE_PARAMETERS[1:], ids=lambda p: p.name)
def test_a_value_out_of_range_is_refused_by_name(
    config: type, conv: bool, module: str, parameter: CoreParameter
) -> None:
    limits, name = (parameter.conv if conv else parameter.dense), parameter.field(conv=conv)
    if limits is None:
        return
    good = small(conv)
    config(**good)
    for wrong in (limits[0] - 1, limits[1] + 1):
        with pytest.raises(ScError, match=rf"{name} must be in \[{limits[0]}, {limits[1]}\], got {wrong}"):
            config(**{**good, name: wrong})


@pytest.mark.parametrize(("config", "conv", "module"), CONFIGS)
def test_a_configuration_gives_all_parameters_of_the_record(config: type, conv: bool, module: str) -> None:
    assert set(config(**small(conv)).parameters()) == set(NAMES)


def test_the_documents_say_what_the_record_says() -> None:
    page = (ROOT / "docs" / "interfaces.md").read_text(encoding="utf-8")
    mark = "<!-- made from model/sc_neurocore/hardware/core_parameters.py -->\n"
    assert page.split(mark)[1].split("<!-- end of the parameters -->")[0] == markdown()
    assert f"| {', '.join(NAMES)}; {' and '.join(CONV_ONLY)} are 0 with ENGINE 0 |" in page
    flash = (ROOT / "docs" / "flash.md").read_text(encoding="utf-8")
    assert f"a byte each: {', '.join(NAMES)}; {' and '.join(CONV_ONLY)} are 0 where ENGINE is 0" in flash
    protocol = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    row = next(line for line in protocol.splitlines() if "| ENGINE |" in line)
    cells = [cell.strip() for cell in row.strip("| ").split("|")]
    assert [cell for cell in cells if cell in NAMES] == NAMES
