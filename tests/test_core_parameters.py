"""The core's parameters are one record: Verilog, configurations and documents say what it says."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.core_parameters import (
    CONV,
    CORE_PARAMETERS,
    DENSE,
    SPIKE,
    STEPS_FIELDS,
    markdown,
    pack_steps,
    read_parameters,
    unpack_steps,
)
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.hardware.spike_image import SpikeConfig

ROOT = Path(__file__).resolve().parents[1]
NAMES = [p.name for p in CORE_PARAMETERS]
CONFIGS = [
    (EngineConfig, DENSE, "sc_engine"),
    (ConvConfig, CONV, "sc_conv_engine"),
    (SpikeConfig, SPIKE, "sc_spike_engine"),
]
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


def with_parts(module: str) -> str:
    """Return the text of a module and of all modules that it instantiates, at any depth."""
    names, texts = [module], ""
    for name in names:
        text = (ROOT / "rtl" / f"{name}.v").read_text(encoding="utf-8")
        names += sorted(set(re.findall(r"\bsc_\w+(?= #\()", text)) - set(names))
        texts += text
    return texts


def limits_of(engine: int) -> dict[str, tuple[int, int]]:
    """Return the least and the greatest value of each field of an engine's configuration."""
    rows = [(p.field(engine), p.ranges[engine]) for p in CORE_PARAMETERS[1:] if p.name != "STEPS"]
    # What has one value only is no field.
    found = {name: limits for name, limits in rows if limits is not None and limits[0] < limits[1]}
    if engine == SPIKE:
        found |= {each.name.lower(): (each.low, each.high) for each in STEPS_FIELDS}
    return found


@pytest.mark.parametrize(("config", "engine", "module"), CONFIGS)
def test_an_engine_and_its_configuration_have_the_ranges_of_the_record(config: type, engine: int, module: str) -> None:
    text = (ROOT / "rtl" / f"{module}.v").read_text(encoding="utf-8")
    inside = with_parts(module)
    found, known = declared(text), limits_of(engine)
    assert {f.name for f in fields(config)} == set(known)
    for field, (low, high) in known.items():
        name = field.upper()
        _, comment = found[name]
        if name == "SUM_W" and engine == CONV:
            assert comment.startswith(f"LOG2L + 2 .. {high}")
            continue
        # "1: what it has" leaves out that 0 has it not.
        given = comment if not comment.startswith("1: ") else f"0: not, {comment}"
        said = re.match(r"(\d+) \.\. (\d+)", given) or re.match(r"(\d): .*[,;] (\d): ", given)
        assert said is not None, comment
        assert (int(said[1]), int(said[2])) == (low, high), name
        if (low, high) != (0, 1):
            # A short list of values is told by their meanings.
            rule = rf"ERROR_{name}_must_be_(in_{low}_to_{high}\b|{low}_[a-z]\w*_or_{high}_[a-z])"
            assert re.search(rule, inside), name


def small(engine: int) -> dict[str, int]:
    """Return the least value of each field."""
    return {name: low for name, (low, _) in limits_of(engine).items()}


@pytest.mark.parametrize(("config", "engine", "module"), CONFIGS)
def test_a_value_out_of_range_is_refused_by_name(config: type, engine: int, module: str) -> None:
    good = small(engine)
    config(**good)
    for name, (low, high) in limits_of(engine).items():
        for wrong in (low - 1, high + 1):
            with pytest.raises(ScError, match=rf"{name} must be in \[{low}, {high}\], got {wrong}"):
                config(**{**good, name: wrong})


@pytest.mark.parametrize(("config", "engine", "module"), CONFIGS)
def test_a_configuration_gives_all_parameters_of_the_record(config: type, engine: int, module: str) -> None:
    values = config(**small(engine)).parameters()
    assert list(values) == NAMES
    assert values["ENGINE"] == engine


def test_what_an_engine_does_not_read_is_reported_as_0() -> None:
    values = dict.fromkeys(NAMES, 7)
    silent = [{name for name, value in read_parameters(values, e).items() if not value} for e in (DENSE, CONV, SPIKE)]
    assert silent == [{"ACC_AW", "POOL", "STEPS"}, {"STEPS"}, {"POOL"}]


def test_the_fields_of_steps_lie_side_by_side_as_the_core_takes_them_apart() -> None:
    text, low = (ROOT / "rtl" / "sc_core.v").read_text(encoding="utf-8"), 0
    for each in STEPS_FIELDS:
        shifted = "STEPS" if low == 0 else f"(STEPS >> {low})"
        assert f".{each.name}({shifted} % {1 << each.bits})" in text, each.name
        word = pack_steps({other.name: 0 for other in STEPS_FIELDS} | {each.name: (1 << each.bits) - 1})
        assert word == ((1 << each.bits) - 1) << low
        assert unpack_steps(word)[each.name] == (1 << each.bits) - 1
        low += each.bits
    assert low == 23


def test_the_documents_say_what_the_record_says() -> None:
    page = (ROOT / "docs" / "interfaces.md").read_text(encoding="utf-8")
    mark = "<!-- made from model/sc_neurocore/hardware/core_parameters.py -->\n"
    assert page.split(mark)[1].split("<!-- end of the parameters -->")[0] == markdown()
    assert f"| {', '.join(NAMES)}; those that the engine does not read are 0 |" in page
    flash = (ROOT / "docs" / "flash.md").read_text(encoding="utf-8")
    assert f"a byte each: {', '.join(NAMES[:-1])}; those that the engine does not read are 0" in flash
    protocol = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    row = next(line for line in protocol.splitlines() if "| ENGINE |" in line)
    cells = [cell.strip() for cell in row.strip("| ").split("|")]
    assert [cell for cell in cells if cell in NAMES] == NAMES[:-1]
