"""The compiler's facade: differential equations as text to fixed-point hardware, an integer model and a proof.

It has every public name that a user of the compiler needs. The manual is docs/equations.md.
"""

from __future__ import annotations

from typing import Any

from .model import CompiledNeuron, NeuronModel, NeuronState, Trace, compile_neuron

__all__ = ["CompiledNeuron", "NeuronModel", "NeuronState", "Trace", "compile_equations", "compile_neuron"]


def compile_equations(equations: str, **fields: Any) -> CompiledNeuron:
    """Return the compiled neuron of equations given as text. It is `compile_neuron` without a `NeuronModel`.

    Args:
        equations: lines `dX/dt = expression : unit` and `name = expression`.
        fields: the other fields of `NeuronModel` by name.

    Raises:
        EquationError: the equations cannot be compiled; the message has line and column where there is one.
        ScError: a field has a value that is refused.

    Example:
        >>> neuron = compile_equations("dv/dt = (I - v)/tau", threshold="v >= 1", reset="v = 0", parameters={"tau": 10})
        >>> neuron.run({"I": neuron.encode("I", 2.0)}, steps=50).spikes.sum()
        np.int64(7)
    """
    return compile_neuron(NeuronModel(equations, **fields))
