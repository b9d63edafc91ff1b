"""`sc-neurocore compile`: a neuron's files from a TOML file or a built-in model, checked as far as is asked."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..artifact import check_target, write_folder
from ..errors import ScError, require, require_one_of
from ..hardware import yosys
from ..hardware.formal_tools import sby_tools
from ..hardware.synthesis import FAMILIES, synthesise
from ..names import TOML
from .errors import DeadZoneWarning
from .model import INDEX, CompiledNeuron, NeuronModel, compile_neuron
from .neurons import NEURONS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["compile_to", "load_model"]

MAX_FILE = 100_000


def load_model(source: str | os.PathLike[str]) -> NeuronModel:
    """Return a built-in model by its name, or that of a TOML file, whose entries are the fields of NeuronModel."""
    if str(source) in NEURONS:
        return NEURONS[str(source)]
    path = Path(source)
    if path.suffix != ".toml":
        require_one_of("a neuron", str(source), NEURONS, TOML)
    try:
        raw = path.read_bytes()
        require(len(raw) <= MAX_FILE, f"{path} must have at most {MAX_FILE} bytes, got {len(raw)}")
        content = tomllib.loads(raw.decode())
    except OSError as error:
        raise ScError(f"cannot read {path}: {error.strerror}") from None
    except RecursionError:
        raise ScError(f"{path} is nested too deeply") from None
    except ValueError as error:
        raise ScError(str(error) if isinstance(error, ScError) else f"{path} is not valid TOML: {error}") from None
    known = {f.name for f in fields(NeuronModel)}
    unknown = sorted(set(content) - known)
    require(not unknown, f"{path}: knows {', '.join(sorted(known))}; not {', '.join(unknown)}")
    require("equations" in content, f"{path}: equations are missing")
    return NeuronModel(**content)


def compile_to(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    prove: bool = False,
    area: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Write the files of a neuron to `out`, and return what is known of it.

    prove: run its proof; area: synthesise it for every family. A proof that fails raises ScError; then nothing is
    written.
    """
    target = check_target(out, INDEX)
    # What the end needs is asked for before the work.
    if prove:
        sby_tools()
    if area:
        yosys.command()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DeadZoneWarning)
        neuron = compile_neuron(load_model(source))
    row = _facts(neuron)
    row["warnings"] = [str(w.message) for w in caught]
    files = neuron.files()
    if prove:
        from .proof import proof_tasks
        from .proof import prove as run

        row["proof"] = {}
        for task in proof_tasks(files, neuron.top):
            progress(f"proof: {task}")
            got = run(files, neuron.top, task)
            require(
                got.status == "PASS",
                f"{task} of {neuron.top}: {got.status} {', '.join(got.failed)}\n{got.log[-2000:]}",
            )
            row["proof"][task] = f"{got.status}, {got.seconds:.1f} s"
    if area:
        for family in FAMILIES:
            progress(f"synthesis: {family}")
            luts, ffs = synthesise({neuron.top: files[f"{neuron.top}.v"]}, family)[neuron.top]
            row[family] = {"luts": luts, "ffs": ffs}
    write_folder(target, files)
    row["out"] = str(target)
    return row


def _facts(neuron: CompiledNeuron) -> dict[str, Any]:
    program = neuron.program
    return {
        "module": neuron.top,
        "states": {v.name: f"{v.format} {v.unit}" for v in program.states},
        "inputs": {v.name: f"{v.format} {v.unit}" for v in program.inputs},
        "refractory_steps": program.refractory,
        "tables": [
            {"function": t.function, "segments": t.segments, "relative_error" if t.relative else "error": t.error}
            for t in neuron.tables
        ],
        "dead_zone": {k: w / 2 ** neuron.variable(k).fraction for k, w in neuron.dead_zones().items()},
    }
