"""The generated neurons of docs/equations.md: error against float64, drift, resources, proofs.

    python bench/equations.py            measures all, and writes the page's tables (some minutes)
    python bench/equations.py --only lif --dry    one of them, printed

Spikes: 17 constant inputs over the sweep of neurons.SWEEPS, in continuous time (scipy solve_ivp, RK45, rtol 1e-8),
by float64 Euler steps of the neuron's dt, and in fixed point. Resources: Yosys, multipliers in LUTs, not placed.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np

from document import put_table, table
from sc_neurocore.compiler import analysis, compile_neuron
from sc_neurocore.compiler.neurons import NEURONS, SWEEPS
from sc_neurocore.compiler.proof import proof_tasks, prove
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.synthesis import FAMILIES, synthesise

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "equations.md"
POINTS = 17


def measure(name: str) -> tuple[list[object], list[list[object]]]:
    """Return the row of a neuron, and its rows of the drift table."""
    neuron = compile_neuron(NEURONS[name])
    low, high, steps = SWEEPS[name]
    found = analysis.sweep(neuron, "I", np.linspace(low, high, POINTS), steps)
    files = neuron.files()
    area = [synthesise({neuron.top: files[f"{neuron.top}.v"]}, family)[neuron.top] for family in FAMILIES]
    proofs = [prove(files, neuron.top, task) for task in proof_tasks(files, neuron.top)]
    bad = [p.log for p in proofs if p.status != "PASS"]
    if bad:
        raise ScError(bad[0][-2000:])
    formats = ", ".join(f"{v.name} {v.format}" for v in (*neuron.program.states, *neuron.program.inputs))
    exact, euler, whole = (
        found.error(got, wanted)
        for got, wanted in ((found.fixed, found.exact), (found.fixed, found.euler), (found.euler, found.exact))
    )
    first = neuron.program.states[0]
    unit = "" if first.unit == "1" else f" {first.unit}"
    tables = [f"{t.error:.1e}, {t.segments} segments" for t in neuron.tables]
    row: list[object] = [
        name,
        formats,
        f"{exact[0]:.1f} / {exact[1]:.1f}",
        f"{whole[0]:.1f} / {whole[1]:.1f}",
        f"{euler[0]:.2f} / {euler[1]:.2f}",
        f"{found.below.max():.3g}{unit}",
        "; ".join(tables) or "none",
        *(f"{luts:,} + {ffs}" for luts, ffs in area),
        f"{sum(p.seconds for p in proofs):.0f} s",
    ]
    drifts: list[list[object]] = []
    for what, value in (("least", low), ("middle", (low + high) / 2)):
        for d in analysis.drift(neuron, {"I": neuron.encode("I", value)}, steps):
            v = neuron.variable(d.state)
            figures = f"{d.bias:+.3f}", f"{d.final / 2**v.fraction:+.3g}"
            drifts.append([name, d.state, v.format, what, d.rounding, *figures])
    return row, drifts


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", metavar="NAME", choices=sorted(NEURONS), help="one neuron; needs --dry")
    parser.add_argument("--dry", action="store_true", help="print the tables, do not write the page")
    options = parser.parse_args()
    if options.only and not options.dry:
        parser.error("--only needs --dry")
    warnings.simplefilter("error")
    rows, drifts = [], []
    for name in [options.only] if options.only else NEURONS:
        print(f"{name} …", file=sys.stderr, flush=True)
        row, more = measure(name)
        rows.append(row)
        drifts += more
    titles = [
        "neuron", "formats", "fixed − exact, %", "Euler − exact, %", "fixed − Euler, %", "v below threshold",
        "exp table",
        *(f"{family}, LUTs + FFs" for family in FAMILIES), "proof",
    ]  # fmt: skip
    heads = ["neuron", "state", "format", "input", "rounding", "bias, LSB a step", "at the end, unit"]
    texts = {"neurons": table(titles, rows, 2), "drift": table(heads, drifts, 5)}
    for name, lines in texts.items():
        if options.dry:
            print("\n".join(lines), end="\n\n")
        else:
            put_table(DOCUMENT, lines, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
