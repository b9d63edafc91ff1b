"""Differential equations in text to fixed-point hardware, its integer model and its proof (docs/equations.md)."""

from __future__ import annotations

from typing import Any

from .model import CompiledNeuron, NeuronModel, NeuronState, Trace, compile_neuron

__all__ = ["CompiledNeuron", "NeuronModel", "NeuronState", "Trace", "compile_equations", "compile_neuron"]


def compile_equations(equations: str, **fields: Any) -> CompiledNeuron:
    """Return the compiled neuron of equations; fields: the others of `NeuronModel`.

    >>> neuron = compile_equations("dv/dt = (I - v)/tau", threshold="v >= 1", reset="v = 0", parameters={"tau": 10})
    >>> neuron.run({"I": neuron.encode("I", 2.0)}, steps=50).spikes.sum()
    np.int64(7)
    """
    return compile_neuron(NeuronModel(equations, **fields))
