"""A neuron from equations as the neuron of a layer: golden model, packed simulator and streaming RTL run it.

The layer's current goes to the neuron's single input. Its code is the sum of the clock's synapses, shifted left by
theta_frac (A17, streaming) and by the neuron's own `shift`. Each window starts from the state after reset.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..errors import require
from ..neurons import ClockNeuron, RtlStep, register
from .model import CompiledNeuron, NeuronModel, NeuronState, compile_neuron

__all__ = ["EquationNeuron"]

#: The greatest `shift`.
SHIFT_MAX = 24


@lru_cache(maxsize=64)
def _compiled(text: str) -> CompiledNeuron:
    """Return the compiled neuron of a model's JSON, compiled once for each text."""
    return compile_neuron(NeuronModel(**json.loads(text)))


@register
@dataclass(frozen=True, init=False)
class EquationNeuron(ClockNeuron):
    """A neuron of a layer whose step the compiler makes from differential equations. Its kind is "equations".

    One unit of a layer's sum is a code of 2^(theta_frac + shift) of the input.

    Args:
        model: a `NeuronModel` with one input and a threshold, or the fields of one by name.
        shift: 0 … 24, by how much the current is shifted left in addition to theta_frac.

    Attributes:
        text: the model as JSON with sorted keys, by which neurons are compared and hashed.
        shift: as above.

    Raises:
        EquationError: the equations cannot be compiled.
        ScError: the model has no threshold, another number of inputs than one, or a field that is refused; or `shift`
            is out of range.

    Example:
        >>> from sc_neurocore.network import DenseLayer
        >>> neuron = EquationNeuron({"equations": "dv/dt = I - v/8", "threshold": "v > 1", "reset": "v = 0"})
        >>> DenseLayer([[3, -2]], [1], neuron=neuron).temporal
        True
    """

    text: str
    shift: int
    kind: ClassVar[str] = "equations"

    def __init__(self, model: NeuronModel | dict[str, Any], shift: int = 0) -> None:
        if not isinstance(model, NeuronModel):
            require(isinstance(model, dict), f"model must be a NeuronModel or its fields, got {checks.shown(model)}")
            unknown = sorted(set(model) - set(NeuronModel.__dataclass_fields__))
            require(not unknown, f"model has unknown entries: {', '.join(unknown)}")
            require("equations" in model, "incomplete: 'equations' of model missing")
            model = NeuronModel(**model)
        object.__setattr__(self, "shift", checks.integer("shift", shift, 0, SHIFT_MAX))
        # As text the model can be compared, hashed and sent to another process.
        object.__setattr__(self, "text", json.dumps(checks.json_value("model", model.to_json()), sort_keys=True))
        inputs = [v.name for v in self.compiled.program.inputs]
        require(
            len(inputs) == 1, f"the neuron of a layer takes one input, its current, got {', '.join(inputs) or 'none'}"
        )
        require(bool(model.threshold), "the neuron of a layer must have a threshold, else it never fires")

    @property
    def compiled(self) -> CompiledNeuron:
        """The neuron in integers; equal neurons share it."""
        return _compiled(self.text)

    def parameters(self) -> dict[str, Any]:
        """Return the entries of an artifact: the fields of the model under `model`, and `shift`."""
        return {"model": json.loads(self.text), "shift": self.shift}

    @classmethod
    def parse(cls, entry: Any) -> EquationNeuron:
        """Return the neuron of these parameters, as they were read from a file.

        The equations are compiled, so a foreign artifact is checked as any text of a user is.

        Raises:
            ScError: an entry is missing, unknown or refused; EquationError for equations that cannot be compiled.
        """
        values = checks.entries("neuron", entry, {"model", "shift"})
        require(isinstance(values["model"], dict), f"model must be an object, got {checks.shown(values['model'])}")
        return cls(values["model"], values["shift"])

    @property
    def current_range(self) -> tuple[int, int]:
        """The least and the greatest current of one clock: the input's limits / 2^shift, rounded inwards."""
        (current,) = self.compiled.program.inputs
        return -(-current.low >> self.shift), current.high >> self.shift

    def start(self, shape: tuple[int, ...] = ()) -> NeuronState:
        """Return the state after reset of neurons in an array of this shape."""
        return self.compiled.initial(shape)

    def step(self, state: Any, current: NDArray[np.int64]) -> tuple[NeuronState, NDArray[np.bool_]]:
        """Advance by one clock, bit by bit as the generated Verilog does: (state, current) → (state, spike)."""
        (v,) = self.compiled.program.inputs
        return self.compiled.step(state, {v.name: current << self.shift})

    def step_of_sample(
        self, state: Any, current: NDArray[np.int64]
    ) -> tuple[NeuronState, NDArray[np.bool_], NDArray[np.int64] | None]:
        """Advance by one step of a network in steps (A20): I · 2^shift is limited to the input's range.

        The potential is None: equations have states of any meaning.
        """
        (v,) = self.compiled.program.inputs
        # Limited to a little more than the range before the shift, so that the shift cannot overflow.
        near = np.clip(current, (v.low >> self.shift) - 1, (v.high >> self.shift) + 1)
        state, spike = self.compiled.step(state, {v.name: np.clip(near << self.shift, v.low, v.high)})
        return state, spike, None

    def rtl_step(self) -> RtlStep:
        """Return the generated step in Verilog, under a name that ends with a hash of the model.

        Raises:
            ScError: Amaranth or Yosys is missing or fails.
        """
        from .hardware import registers

        neuron = self.compiled
        (current,) = neuron.program.inputs
        # Two networks may name different neurons alike, and one network may have both.
        module = f"{neuron.top}_{sha256(self.text.encode()).hexdigest()[:8]}"
        states = {name: (bits, value) for name, (bits, _, value) in registers(neuron.program).items()}
        return RtlStep(
            module, states, (current.name, current.width), shift=self.shift, text=neuron.step_verilog(module)
        )
