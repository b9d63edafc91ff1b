"""Whether a mutant does the same as the module: what no proof and no bench can notice, and nobody needs to.

Three ways, from cheap to dear, each of which only ever says "equivalent" or nothing:
    cut     the outputs and the next state are the same functions of inputs and state, where the modules inside are
            cut out: their outputs are inputs, their inputs outputs;
    whole   the same with the modules inside, if these hold no state;
    reset   induction over time: from a clock with rst on, all outputs are equal for ever.
A mutant counts as equivalent only if one of them shows it at the default parameters and at every set that the lint
uses (tools/lint_rtl.py): the corners, and what the products need.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from checkout import digest, parts_of
from lint_rtl import VARIANTS
from sby_files import ROOT, file_digest
from sc_neurocore.errors import require

from .proofs import Tools
from .syntactic import Mutant

__all__ = ["compare", "elaborate", "equivalence_key", "same_netlist"]

#: Seconds of processor time for one comparison.
LIMIT = 10.0


def equivalence_key(mutant: Mutant, root: Path = ROOT) -> str:
    """A hash of all that a comparison reads."""
    texts = [file_digest(root / "rtl" / f"{name}.v") for name in parts_of([mutant.module], root)]
    return digest(*texts, repr(VARIANTS.get(mutant.module)), *(_script(way, mutant.module, {}) for way in _WAYS))


def _side(side: str, top: str, parameters: Mapping[str, Any], cut: str, after: str) -> str:
    sets = "".join(f" -set {name} {value}" for name, value in parameters.items())
    reading = f"read_verilog -formal -defer {side}/*.v\n" + (f"chparam{sets} {top}\n" if sets else "")
    return _prepared(side, reading, top, cut, after)


def _prepared(side: str, reading: str, top: str, cut: str, after: str) -> str:
    return (
        f"{reading}hierarchy -top {top}\ntee -q -o {side}.json stat -json\nproc\n{cut}\nmemory_map\nopt_clean\n"
        f"async2sync\ndffunmap\nopt_clean\n{after}\nrename {top} {side}\ndesign -stash {side}\n"
    )


# Way → commands before the memories are mapped, after, and the question; {top} is the module.
_SAT = "sat -enable_undef -set-def-inputs -prove trigger 0 -verify"
_WAYS = {
    "cut": ("", "expose -evert -evert-dff {top}", f"{_SAT} miter"),
    "whole": ("expose -evert-dff {top}\nflatten", "", f"{_SAT} miter"),
    "reset": (
        "flatten",
        "",
        f"{_SAT} -set-init-def -tempinduct -tempinduct-def -set-at 1 in_rst 1 -seq 2 -maxsteps 6 miter",
    ),
}


def _script(way: str, top: str, parameters: Mapping[str, Any]) -> str:
    before, after, question = (text.format(top=top) for text in _WAYS[way])
    sides = [_side(side, top, parameters, before, after) for side in ("gold", "gate")]
    return _compared(sides, question)


def _compared(sides: Sequence[str], question: str) -> str:
    return (
        "".join(sides)
        + "design -copy-from gold gold\ndesign -copy-from gate gate\n"
        # What both compute from the same inputs becomes one cell, so that only the rest is left to be solved.
        + f"miter -equiv -ignore_gold_x -flatten gold gate miter\nhierarchy -top miter\nopt\n{question}\n"
    )


def _instances(path: Path, top: str) -> dict[str, int]:
    """The modules that `top` instantiates, with their parameters, and how often."""
    if not path.is_file():
        return {}
    cells = json.loads(path.read_text())["modules"].get(f"\\{top}", {}).get("num_cells_by_type", {})
    return {name: count for name, count in cells.items() if not re.fullmatch(r"\$[a-z_]+", name)}


def compare(tools: Tools, mutant: Mutant, text: str, folder: Path, root: Path = ROOT) -> dict[str, Any]:
    """Compare a mutant, `text`, with its module; return a stage's result, "equivalent" or "unknown"."""
    top, seconds, ways = mutant.module, 0.0, []
    shutil.rmtree(folder, ignore_errors=True)
    for side in ("gold", "gate"):
        (folder / side).mkdir(parents=True)
        for name in parts_of([top], root):
            changed = side == "gate" and name == top
            source = (root / "rtl" / f"{name}.v").read_text(encoding="utf-8")
            (folder / side / f"{name}.v").write_text(text if changed else source)
    sets = [{}, *(p for p in VARIANTS.get(top, []) if all(isinstance(v, int) for v in p.values()))]
    for parameters in sets:
        for way in _WAYS:
            (folder / "compare.ys").write_text(_script(way, top, parameters))
            for side in ("gold", "gate"):
                (folder / f"{side}.json").unlink(missing_ok=True)
            code, used = tools.call([*tools.yosys, "-ql", "log", "-s", "compare.ys"], folder, "out", LIMIT)
            seconds += used
            same = _instances(folder / "gold.json", top) == _instances(folder / "gate.json", top)
            if code == 0 and (way != "cut" or same):
                ways.append(way)
                break
        else:
            at = ", ".join(f"{k} {v}" for k, v in parameters.items()) or "the default parameters"
            return _result("unknown", f"not shown at {at}", seconds, mutant, root)
    return _result("equivalent", " ".join(dict.fromkeys(ways)), seconds, mutant, root)


def same_netlist(tools: Tools, head: str, top: str, edit: str, folder: Path) -> tuple[str, float]:
    """Compare the netlist of a module with itself after one command: the way that shows them equal, "" if none does.

    head: the commands that make it, of the files in `folder`. top: its name in that design. edit: the command.
    """
    (folder / "head.ys").write_text(f"{head}write_rtlil head.il\n")
    code, seconds = tools.call([*tools.yosys, "-ql", "log", "-s", "head.ys"], folder, "out", LIMIT)
    require(code == 0, f"{folder}: Yosys fails: {(folder / 'out').read_text(errors='replace')[-200:]}")
    for way, commands in _WAYS.items():
        before, after, question = (text.format(top=top) for text in commands)
        sides = [
            _prepared("gold", "read_rtlil head.il\n", top, before, after),
            _prepared("gate", f"read_rtlil head.il\n{edit}\n", top, before, after),
        ]
        (folder / "compare.ys").write_text(_compared(sides, question))
        code, used = tools.call([*tools.yosys, "-ql", "log", "-s", "compare.ys"], folder, "out", LIMIT)
        seconds += used
        if code == 0:
            return way, seconds
    return "", seconds


def elaborate(tools: Tools, mutant: Mutant, text: str, folder: Path) -> tuple[str, float]:
    """Let Yosys read a mutant at its default parameters: its complaint, empty if it takes it, and the seconds.

    A file of initial content is not there, so an error because of that is the module's own, and is passed over.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in parts_of([mutant.module], ROOT):
        source = text if name == mutant.module else (ROOT / "rtl" / f"{name}.v").read_text(encoding="utf-8")
        (folder / f"{name}.v").write_text(source)
    commands = f"read_verilog -formal -defer *.v; hierarchy -check -top {mutant.module}; proc"
    code, seconds = tools.call([*tools.yosys, "-ql", "log", "-p", commands], folder, "out", LIMIT)
    lines = (folder / "out").read_text(errors="replace").strip().splitlines() or ["Yosys fails"]
    error = "" if code == 0 or "readmemh" in lines[-1] else lines[-1][:160]
    return error, seconds


def _result(verdict: str, what: str, seconds: float, mutant: Mutant, root: Path) -> dict[str, Any]:
    key = equivalence_key(mutant, root)
    return {"verdict": verdict, "by": "", "what": what, "seconds": round(seconds, 2), "key": key}
