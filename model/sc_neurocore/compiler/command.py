"""What `sc-neurocore compile` does: write a neuron's files, and prove and synthesise it if asked.

The neuron is a built-in model or one that a TOML file describes. `cli.compile_` reads the command line and calls
`compile_to`.
"""

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

#: The greatest size of a TOML file, in bytes. It bounds the work that a foreign file can cause.
MAX_FILE = 100_000


def load_model(source: str | os.PathLike[str]) -> NeuronModel:
    """Return a built-in model by its name, or the model that a TOML file describes.

    A built-in name is tried first. The entries of the file are the fields of `NeuronModel`; mappings such as
    `parameters` are tables.

    Args:
        source: a key of `neurons.NEURONS`, or the path of a file whose name ends in .toml.

    Raises:
        ScError: the name is unknown, or the file cannot be read, is too large, is no valid TOML, has an unknown entry,
            or lacks `equations`.

    Example:
        >>> load_model("qif").threshold
        'v > 2'
    """
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
    """Write the files of a neuron to a folder, and return what is known of it.

    All tools that are asked for are looked up before the work begins. If anything fails, nothing is written.

    Args:
        source: what `load_model` takes.
        out: the folder to write. An existing one must be empty or hold a neuron, which is then replaced.
        prove: whether to run the proof's tasks with SymbiYosys.
        area: whether to synthesise the module for every family of FPGAs.
        progress: called with one line of text before each task.

    Returns:
        Plain values for JSON, by these names:

        * `module`, the Verilog module; `states` and `inputs`, format and unit of each by name;
        * `refractory_steps`; `tables`, function, segments and error of each lookup table;
        * `dead_zone`, by state, in its unit (`CompiledNeuron.dead_zones`); `warnings`, the texts of all warnings;
        * `proof`, result and seconds of each task, with `prove`;
        * for each family `luts` and `ffs`, with `area`;
        * `out`, the absolute path of the folder.

    Raises:
        ScError: the model or the folder is refused, a tool is missing, or a proof does not pass.
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
    row["warnings"] = [str(w.message) for w in caught if issubclass(w.category, DeadZoneWarning)]
    for other in caught:
        if not issubclass(other.category, DeadZoneWarning):
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
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
    """Return the part of the result of `compile_to` that follows from the compiled neuron alone."""
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
