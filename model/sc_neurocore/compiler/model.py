"""A neuron as its user writes it, and as it is compiled: an integer program with its float64 meaning.

`NeuronModel` holds the text: equations, threshold, reset and formats. `compile_neuron` checks it and returns a
`CompiledNeuron`, which runs the neuron in Python and writes its Verilog, bench and proof. The language is described in
docs/equations.md.

Example:
    >>> leaky = NeuronModel("dv/dt = I - v/8", threshold="v > 1", reset="v = 0")
    >>> neuron = compile_neuron(leaky)
    >>> codes = neuron.encode("I", 0.25)
    >>> int(neuron.run({"I": codes}, steps=100).spikes.sum())
    16
"""

from __future__ import annotations

import json
import math
import os
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..artifact import check_target, write_folder
from ..errors import require
from .errors import (
    DeadZoneWarning,
    EquationError,
    EquationSyntaxError,
    Place,
    UnboundedError,
    UnitError,
    UnknownNameError,
)
from .language import Equation, check_name, parse_condition, parse_equations, parse_expression, parse_reset
from .lower import ROUNDINGS, Accuracy, Dynamics, Lowered, TableReport, lower
from .meaning import Quantity, Scope
from .polynomial import Polynomial
from .program import RESTING, Program, Variable, evaluate, is_wide, wires
from .reference import float_value
from .units import ONE, UNITS, Unit, dimension_text

__all__ = ["CompiledNeuron", "NeuronModel", "NeuronState", "Trace", "compile_neuron"]

#: The file by which a folder is known as a neuron's.
INDEX = "neuron.json"

#: Greatest number of bits of a variable.
MAX_WIDTH = 48
#: Greatest number of states and inputs together.
MAX_VARIABLES = 16
#: Greatest refractory period, in steps.
MAX_REFRACTORY = 65535
#: A state that stops further from its goal than this part of its range, and than 4 LSB, is warned of.
DEAD_ZONE = 1 / 1024

_FORMAT = re.compile(r"Q(\d{1,2})\.(\d{1,2})")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")

_NONE: Mapping[str, Any] = MappingProxyType({})

#: Ports that every neuron has, by kind of variable: no variable of the kind may have the name, as its port would be
#: the same. `left` counts the refractory period.
_PORTS = {"state": {"spike": "o_spike", "left": "o_left"}, "input": {"en": "i_en"}}


@dataclass(frozen=True, slots=True)
class NeuronModel:
    """A neuron in text. Only `equations` must be given.

    Numbers are exact: 0.1 is one tenth, in text and as a Python float.

    Attributes:
        equations: lines `dX/dt = expression : unit` and `name = expression`. The unit is what 1.0 of the variable's
            format stands for. `(unless refractory)` after it lets the variable stand still in the refractory period.
        name: name of the neuron; the Verilog module is called <name>_neuron.
        threshold: a condition on the values after the step. Without it there are no spikes.
        reset: statements that are done in order where the neuron fires.
        refractory: time without spikes after one.
        dt: the Euler step.
        inputs: unit of each input by name.
        parameters: constants by name; each may use those before it.
        format: Qm.n of every variable and input; m counts the sign.
        formats: other formats, by name of the variable or input.
        initial: values after reset by name of the state; by default 0.
        limits: (low, high) by name, where a state saturates or an input is limited; by default those of the format.
        rounding: "nearest" (half up) or "floor" (truncation of two's complement).
        table_error: greatest error of a lookup table: relative for exp, for others a part of their greatest value.
        coefficient_error: what the rounding of one coefficient may change, in LSB of what it adds to.

    Values are checked when the model is compiled, not when it is made.
    """

    equations: str
    name: str = "neuron"
    threshold: str = ""
    reset: str = ""
    refractory: str | float = 0
    dt: str | float = 1
    inputs: Mapping[str, str] = field(default_factory=lambda: {"I": "1"})
    parameters: Mapping[str, str | float] = field(default_factory=dict)
    format: str = "Q8.8"
    formats: Mapping[str, str] = field(default_factory=dict)
    initial: Mapping[str, str | float] = field(default_factory=dict)
    limits: Mapping[str, tuple[str | float, str | float]] = field(default_factory=dict)
    rounding: str = "nearest"
    table_error: float = 1 / 1024
    coefficient_error: float = 1 / 16

    def to_json(self) -> dict[str, Any]:
        """Return plain values, what is not given left out; `NeuronModel(**values)` is this again."""
        values = {name: getattr(self, name) for name in self.__slots__}
        # No inputs is not what the default is, which is one input.
        kept = {k: v for k, v in values.items() if k in ("name", "equations", "inputs") or v not in ("", {}, 0)}
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in kept.items()}


@dataclass(frozen=True, slots=True)
class NeuronState:
    """State of neurons in an array.

    Attributes:
        codes: codes of every state by name, integer arrays of one shape.
        left: steps of the refractory period that are left, int64, of the same shape.
    """

    codes: Mapping[str, NDArray[Any]]
    left: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trace:
    """The result of a run of T steps (`CompiledNeuron.run`).

    Attributes:
        spikes: bool, shape (T, *shape).
        states: codes of each state after each step, by name, shape (T, *shape).
    """

    spikes: NDArray[np.bool_]
    states: Mapping[str, NDArray[Any]]


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Return a field that maps names to values as a dict; raises ScError if it is anything else."""
    require(
        isinstance(value, Mapping) and all(isinstance(k, str) for k in value),
        f"{name} must be a mapping of names, got {value!r}",
    )
    return dict(value)


def _unit(name: str | None, place: Place) -> Unit:
    """Return a unit by its name; None and "1" mean a plain number.

    Raises:
        UnknownNameError: there is no such unit; `place` is where it stands.
    """
    if name is None or name == "1":
        return ONE
    if name not in UNITS:
        raise UnknownNameError(f"unit must be 1 or one such as mV, pA, nS, Mohm, pF, ms, Hz, got {name!r}", place)
    return UNITS[name]


def _format(text: Any, name: str) -> tuple[int, int]:
    """Return (m, n) of a format Qm.n: m bits before the point, the sign among them, and n bits after it.

    Args:
        text: the format as the user wrote it.
        name: the variable that has it, for the error.

    Raises:
        ScError: it is no format, or has fewer than 2 or more than `MAX_WIDTH` bits.

    Example:
        >>> _format("Q8.12", "v")
        (8, 12)
    """
    found = _FORMAT.fullmatch(text) if isinstance(text, str) else None
    require(found, f"the format of {name} must be Qm.n, Q8.8 say, got {text!r}")
    assert found
    m, n = int(found[1]), int(found[2])
    require(
        m >= 1 and 2 <= m + n <= MAX_WIDTH,
        f"the format of {name} must have m >= 1 (the sign) and 2 to {MAX_WIDTH} bits, got {text}",
    )
    return m, n


def _constant(scope: Scope, source: str, text: str | float, wanted: Unit | None = None) -> Fraction:
    """Return a constant in base units.

    Args:
        scope: the parameters that it may use.
        source: what the text is, such as "dt", for errors.
        text: an expression, or a number.
        wanted: the unit whose dimension it must have; None takes any. A value of 0 has every dimension.

    Raises:
        EquationError: it is no constant (EquationSyntaxError), or its dimension is another (UnitError).
    """
    quantity = scope.quantity(parse_expression(source, text))
    if quantity.constant is None:
        raise EquationSyntaxError(f"{source} must be a constant, got {text}")
    if wanted and quantity.dimension not in (None, wanted.dimension):
        raise UnitError(
            f"{source} must be {dimension_text(wanted.dimension)}, "
            f"got {dimension_text(quantity.dimension or ONE.dimension)}"
        )
    return quantity.constant


class _Compiler:
    """Compiles one model. Its fields are read in the order in which they may use one another.

    Parameters come first: each may use those before it. dt and other constants may use all parameters, and equations
    may also use states, inputs and one another.

    Attributes:
        model: the text.
        parameters: the parameters as the user wrote them, by name.
        inputs: the unit of each input by name.
        equations: the parsed equations.
        states: those of them that are differential.
        constants: the value of each parameter by name.
        plain: the scope in which constants are evaluated: the parameters alone.
        dt: the Euler step in base units.
        time: the unit of time: second, or none where dt is a plain number.

    Raises:
        ScError: a field has a value that is refused, or the equations cannot be read.
    """

    def __init__(self, model: NeuronModel) -> None:
        self.model = model
        require(
            isinstance(model.name, str) and _NAME.fullmatch(model.name),
            f"name must be lower-case letters, digits and _, a letter first, at most 32, got {model.name!r}",
        )
        require(model.rounding in ROUNDINGS, f"rounding must be one of {', '.join(ROUNDINGS)}, got {model.rounding!r}")
        for name, low, high in (("table_error", 2**-20, 0.25), ("coefficient_error", 2**-20, 0.5)):
            value = getattr(model, name)
            require(
                isinstance(value, (int, float)) and low <= value <= high,
                f"{name} must be from 2^-20 to {high}, got {value!r}",
            )
        self.parameters = _mapping("parameters", model.parameters)
        self.inputs = _mapping("inputs", model.inputs)
        self.equations = parse_equations(model.equations)
        self.states = [e for e in self.equations if e.derivative]
        self.check_names()
        self.constants: dict[str, Quantity] = {}
        for name, text in self.parameters.items():
            # A parameter may use those before it.
            scope = Scope({}, self.constants, {})
            quantity = scope.quantity(parse_expression(f"parameter {name}", text))
            self.constants[name] = quantity
        plain = Scope({}, self.constants, {})
        self.plain = plain
        time = plain.quantity(parse_expression("dt", model.dt))
        if time.constant is None or time.constant <= 0:
            raise EquationSyntaxError(f"dt must be above 0, got {model.dt}")
        if time.dimension not in (ONE.dimension, UNITS["s"].dimension):
            raise UnitError(
                f"dt must be second or a plain number, got {dimension_text(time.dimension or ONE.dimension)}"
            )
        self.dt, self.time = time.constant, Unit(time.dimension)

    def check_names(self) -> None:
        """Check that every name is legal, is used once, makes no port twice, and that fields name known variables.

        Raises:
            ScError: a name is refused; the message says why.
        """
        seen: dict[str, str] = {}
        kinds = [("parameter", list(self.parameters)), ("input", list(self.inputs))]
        kinds += [("equation", [e.name for e in self.equations])]
        for kind, names in kinds:
            for name in names:
                check_name(name, Place(kind))
                require(name not in seen, f"{name} is defined twice: as {seen.get(name)} and as {kind}")
                seen[name] = kind
        for kind, names in (("state", [e.name for e in self.states]), ("input", list(self.inputs))):
            for name in names:
                if name in _PORTS[kind]:
                    raise EquationSyntaxError(
                        f"{name} cannot be the name of a {kind}: every neuron has a port {_PORTS[kind][name]} of its "
                        "own; choose another name"
                    )
        variables = [*self.inputs, *(e.name for e in self.states)]
        require(
            len(variables) <= MAX_VARIABLES,
            f"a neuron must have at most {MAX_VARIABLES} states and inputs, got {len(variables)}",
        )
        for field_name, allowed in (
            ("formats", variables),
            ("limits", variables),
            ("initial", [e.name for e in self.states]),
        ):
            for name in _mapping(field_name, getattr(self.model, field_name)):
                if name not in allowed:
                    raise UnknownNameError(f"{field_name} names {name}, which is none of {', '.join(allowed)}")

    def variable(
        self, name: str, unit_name: str | None, place: Place, *, frozen: bool = False, state: bool = True
    ) -> Variable:
        """Return a state or an input with its format, limits and initial code.

        Limits that lie between two codes are rounded inwards, an initial value to the nearest code.

        Args:
            name: its name.
            unit_name: the unit that 1.0 of its format stands for; None and "1" mean a plain number.
            place: where the unit stands, for the error.
            frozen: whether a state stands still in the refractory period.
            state: whether it is a state; an input has no initial code.

        Raises:
            ScError: the unit, the format, the limits or the initial value are refused.
        """
        unit = _unit(unit_name, place)
        m, n = _format(self.model.formats.get(name, self.model.format), name)
        scale = unit.factor / 2**n
        low, high = -(1 << m + n - 1), (1 << m + n - 1) - 1
        if name in self.model.limits:
            pair = self.model.limits[name]
            require(
                isinstance(pair, (tuple, list)) and len(pair) == 2,
                f"limits of {name} must be two values, got {pair!r}",
            )
            ends = [_constant(self.plain, f"limits of {name}", v, unit) / scale for v in pair]
            first, last = math.ceil(ends[0]), math.floor(ends[1])
            require(
                low <= first < last <= high,
                f"limits of {name} must be increasing and within Q{m}.{n}, {float(low * scale / unit.factor)} to "
                f"{float(high * scale / unit.factor)} {unit_name or ''}, got {pair[0]} and {pair[1]}",
            )
            low, high = first, last
        initial = 0
        if state:
            initial = math.floor(
                _constant(self.plain, f"initial {name}", self.model.initial.get(name, 0), unit) / scale + Fraction(1, 2)
            )
            require(
                low <= initial <= high,
                f"initial {name} must be from {float(low * scale / unit.factor):g} to "
                f"{float(high * scale / unit.factor):g} {unit_name or ''}, got {self.model.initial.get(name, 0)}",
            )
        return Variable(name, unit_name or "1", scale, m, n, low, high, initial, frozen)

    def compile(self) -> CompiledNeuron:
        """Return the compiled neuron.

        Units of equations, threshold and reset are checked, the change of a step is dt times the derivative, and
        `lower` makes integers of it.

        Raises:
            ScError: see `compile_neuron`.
        """
        model = self.model
        states = tuple(self.variable(e.name, e.unit, e.place, frozen=e.frozen) for e in self.states)
        inputs = tuple(self.variable(n, u, Place(f"unit of input {n}"), state=False) for n, u in self.inputs.items())
        units = {v.name: _unit(v.unit, Place("")) for v in (*states, *inputs)}
        scope = Scope(units, self.constants, {e.name: e.expression for e in self.equations if not e.derivative})
        derivatives = {e.name: self.derivative(e, units[e.name], scope) for e in self.states}
        for e in self.equations:
            if not e.derivative:
                got = scope.quantity(e.expression)
                if e.unit is not None and got.dimension not in (None, _unit(e.unit, e.place).dimension):
                    raise UnitError(
                        f"{e.name} is {dimension_text(got.dimension or ONE.dimension)}, not of unit {e.unit}", e.place
                    )
        threshold = parse_condition("threshold", model.threshold) if model.threshold else None
        reset = []
        if threshold is None and model.reset:
            raise EquationSyntaxError("a reset needs a threshold")
        for a in parse_reset(model.reset):
            if a.name not in derivatives:
                raise UnknownNameError(f"a reset sets states, {', '.join(derivatives)}, not {a.name}", a.place)
            value = scope.quantity(a.expression)
            scope.same(Quantity(Polynomial.number(1), units[a.name].dimension), value, "an assignment", a.place)
            reset.append((a.name, value.value))
        rest = _constant(self.plain, "refractory", model.refractory, self.time) / self.dt
        steps = math.floor(rest + Fraction(1, 2))
        require(
            0 <= steps <= MAX_REFRACTORY,
            f"refractory must be from 0 to {MAX_REFRACTORY} steps of dt, got {float(rest):g}",
        )
        require(not steps or threshold, "refractory needs a threshold")
        changes = {name: value.scaled(self.dt) for name, value in derivatives.items()}
        dynamics = Dynamics(changes, threshold, tuple(reset), steps)
        accuracy = Accuracy(Fraction(model.coefficient_error), float(model.table_error), model.rounding)
        lowered = lower(model.name, states, inputs, dynamics, scope, accuracy)
        for name, times in Counter(wires(lowered.program)).items():
            if times > 1:
                raise EquationSyntaxError(
                    f"two wires of the hardware would be called {name}, by the names of states and inputs "
                    f"({', '.join(v.name for v in (*states, *inputs))}): rename one of them"
                )
        return CompiledNeuron(model, lowered, dynamics, derivatives, scope, float(self.dt), is_wide(lowered.program))

    def derivative(self, e: Equation, unit: Unit, scope: Scope) -> Polynomial:
        """Return the right side of a differential equation, in base units.

        Args:
            e: the equation.
            unit: the unit of its state.
            scope: the names of the model.

        Raises:
            UnitError: its unit is not that of the state divided by that of time.
        """
        got = scope.quantity(e.expression)
        wanted = unit.over(self.time).dimension
        if got.dimension not in (None, wanted):
            raise UnitError(
                f"d{e.name}/dt must be {dimension_text(wanted)}, got {dimension_text(got.dimension or ONE.dimension)}",
                e.place,
            )
        return got.value


def compile_neuron(model: NeuronModel, **changes: Any) -> CompiledNeuron:
    """Return the compiled neuron of a model.

    A DeadZoneWarning tells of each state whose steps are too small for its format, and of each term that is left out.

    Args:
        model: the neuron in text.
        changes: fields of the model to replace, by name.

    Raises:
        EquationError: the equations cannot be compiled; its subclasses say why.
        ScError: another field has a value that is refused.

    Example:
        >>> model = NeuronModel("dv/dt = I - v/8", threshold="v > 1", reset="v = 0")
        >>> compile_neuron(model, format="Q4.12").variable("v").format
        'Q4.12'
    """
    try:
        neuron = _Compiler(replace(model, **changes) if changes else model).compile()
    except OverflowError as error:
        raise UnboundedError(f"a value is beyond float64: {error}") from None
    except RecursionError:
        raise EquationError("the equations are nested too deeply") from None
    for line in neuron.dead_zone_warnings():
        warnings.warn(line, DeadZoneWarning, stacklevel=2)
    return neuron


@dataclass(frozen=True, slots=True, eq=False)
class CompiledNeuron:
    """A neuron in integers, with what it stands for. `compile_neuron` makes it.

    Attributes:
        model: the text that it was compiled from.
        lowered: the integer program, and what is known of its accuracy.
        dynamics: the exact change of each step, threshold and reset.
        derivatives: the exact derivative of each state, per base unit of time, by name.
        scope: the names of the model.
        dt: the Euler step in base units.
        wide: whether a step needs more than 63 bits, so that it computes in Python's integers, slowly.
    """

    model: NeuronModel
    lowered: Lowered
    dynamics: Dynamics
    derivatives: Mapping[str, Polynomial]
    scope: Scope
    dt: float
    wide: bool

    @property
    def program(self) -> Program:
        """The integer definitions of a step."""
        return self.lowered.program

    @property
    def tables(self) -> tuple[TableReport, ...]:
        """Every piecewise-linear table with its error."""
        return self.lowered.tables

    @property
    def top(self) -> str:
        """Name of the Verilog module."""
        return f"{self.program.name}_neuron"

    def variable(self, name: str) -> Variable:
        """Return a state or an input by its name; raises UnknownNameError for any other name."""
        for v in (*self.program.states, *self.program.inputs):
            if v.name == name:
                return v
        known = ", ".join(v.name for v in (*self.program.states, *self.program.inputs))
        raise UnknownNameError(f"variable must be one of {known}, got {name!r}")

    def encode(self, name: str, values: ArrayLike) -> NDArray[np.int64]:
        """Return the codes of values in the variable's unit, rounded to nearest, half up.

        Args:
            name: a state or an input.
            values: the values, such as millivolts, of any shape.

        Returns:
            The codes, int64, of the same shape.

        Raises:
            UnknownNameError: there is no such variable.
            ScError: a value is not finite, or outside of the variable's range.

        Example:
            >>> from sc_neurocore.compiler.neurons import NEURONS
            >>> compile_neuron(NEURONS["lif"]).encode("v", [-65.0, 1.5]).tolist()
            [-16640, 384]
        """
        v = self.variable(name)
        x = np.asarray(values, np.float64)
        require(np.isfinite(x).all(), f"{name} must be finite")
        codes = np.floor(x * 2.0**v.fraction + 0.5)
        bad = (codes < v.low) | (codes > v.high)
        if bad.any():
            worst = float(x[bad].flat[0]) if x.ndim else float(x)
            low, high = (c / 2.0**v.fraction for c in (v.low, v.high))
            require(False, f"{name} must be from {low:g} to {high:g} {v.unit}, got {worst!r}")
        return codes.astype(np.int64)

    def decode(self, name: str, codes: ArrayLike) -> NDArray[np.float64]:
        """Return the values of codes in the variable's unit, float64, of the same shape. It is the inverse of `encode`.

        Args:
            name: a state or an input.
            codes: the codes.

        Raises:
            UnknownNameError: there is no such variable.
        """
        return np.asarray(codes, np.float64) / 2.0 ** self.variable(name).fraction

    def initial(self, shape: tuple[int, ...] = ()) -> NeuronState:
        """Return the state after rst of neurons in an array of `shape`: initial codes, and nothing is refractory."""
        kind: Any = object if self.wide else np.int64
        return NeuronState(
            {v.name: np.full(shape, v.initial, kind) for v in self.program.states}, np.zeros(shape, np.int64)
        )

    def step(self, state: NeuronState, inputs: Mapping[str, ArrayLike]) -> tuple[NeuronState, NDArray[np.bool_]]:
        """Advance one clock: (state, codes of the inputs) → (state, spike), bit by bit what the Verilog does.

        Args:
            state: the state before. It is not changed.
            inputs: codes of every input by name, integers that broadcast with the state.

        Raises:
            ScError: an input is missing, unknown, not integer, or outside its range.
        """
        program = self.program
        require(
            set(inputs) == {v.name for v in program.inputs},
            f"inputs must be {', '.join(v.name for v in program.inputs) or 'none'}, got {', '.join(inputs) or 'none'}",
        )
        kind: Any = object if self.wide else np.int64
        operands: dict[str, NDArray[Any]] = {f"s_{k}": v for k, v in state.codes.items()}
        for v in program.inputs:
            codes = np.asarray(inputs[v.name])
            require(codes.dtype.kind in "iu", f"input {v.name} must be integer codes, got dtype {codes.dtype}")
            low, high = (int(codes.min()), int(codes.max())) if codes.size else (0, 0)
            require(
                v.low <= low and high <= v.high,
                f"input {v.name} must be codes from {v.low} to {v.high}, got {low if low < v.low else high}",
            )
            operands[f"i_{v.name}"] = codes.astype(kind)
        operands[RESTING] = state.left > 0
        values = evaluate(program, operands)
        shape = np.broadcast_shapes(state.left.shape, *(np.shape(operands[f"i_{v.name}"]) for v in program.inputs))
        spike = np.broadcast_to(np.asarray(values[program.spike]).astype(bool), shape)
        codes_after = {
            v.name: np.array(np.broadcast_to(values[program.following[v.name]], shape), kind) for v in program.states
        }
        left = np.where(state.left > 0, state.left - 1, np.where(spike, program.refractory, 0))
        return NeuronState(codes_after, np.broadcast_to(left, shape).astype(np.int64)), spike

    def run(self, inputs: Mapping[str, ArrayLike], steps: int, shape: tuple[int, ...] = ()) -> Trace:
        """Run a number of steps from the state after reset.

        Args:
            inputs: codes of every input by name, constant, or with one axis more than `shape`, the first, for time.
            steps: T, at least 1.
            shape: shape of the array of neurons; () is a single one.

        Returns:
            The spikes, and the codes of all states after each step.

        Raises:
            ScError: `steps` is below 1, an input has another length, or `step` refuses it.
        """
        require(steps >= 1, f"steps must be at least 1, got {steps}")
        arrays = {k: np.asarray(v) for k, v in inputs.items()}
        in_time = {k for k, a in arrays.items() if a.ndim == len(shape) + 1}
        for k in in_time:
            require(len(arrays[k]) == steps, f"input {k} must have {steps} steps, got {len(arrays[k])}")
        state = self.initial(shape)
        spikes, codes = [], []
        for t in range(steps):
            state, spike = self.step(state, {k: a[t] if k in in_time else a for k, a in arrays.items()})
            spikes.append(spike)
            codes.append(state.codes)
        return Trace(np.array(spikes), {v.name: np.array([c[v.name] for c in codes]) for v in self.program.states})

    def files(self) -> dict[str, str]:
        """Return every generated file, name → text.

        * <top>.v: the Verilog of the neuron, and of its step, <top>_step.
        * <top>_model.py: the integer model in Python, which needs nothing of this package.
        * <top>_bench.py: a cocotb bench, which compares the two.
        * <top>_fv.v and <top>.sby: the proof.
        * neuron.json: the model as it was written.

        Raises:
            ScError: Amaranth or Yosys is not installed.
        """
        from .hardware import neuron_verilog
        from .proof import harness_text, script_text
        from .texts import bench_text, model_text

        top, program = self.top, self.program
        harness, cuts = harness_text(program, top)
        return {
            f"{top}.v": neuron_verilog(program, top, self.header()),
            f"{top}_model.py": model_text(program, top),
            f"{top}_bench.py": bench_text(program, top, f"{top}_model", self.drive()),
            f"{top}_fv.v": harness,
            f"{top}.sby": script_text(program, top, cuts),
            INDEX: json.dumps(self.model.to_json(), indent=1) + "\n",
        }

    def step_verilog(self, module: str) -> str:
        """Return the Verilog of one step, combinational: states and inputs in, next states and spike out.

        It is the module <top>_step of `files` under another name.

        Args:
            module: name of the Verilog module.

        Raises:
            ScError: Amaranth or Yosys is not installed.
        """
        from .hardware import step_verilog

        return step_verilog(self.program, module, self.header(module))

    def write(self, folder: str | os.PathLike[str]) -> Path:
        """Write `files` to a folder, in one step.

        Args:
            folder: a new or empty folder, or one that an earlier neuron was written to, which is replaced.

        Returns:
            The absolute path of the folder.

        Raises:
            ScError: the folder holds something else, it cannot be written, or Amaranth or Yosys is not installed.
        """
        target = check_target(folder, INDEX)
        write_folder(target, self.files())
        return target

    def drive(self) -> dict[str, list[int]]:
        """Return two sets of constant codes of the inputs at which the neuron fires within 500 steps.

        The bench needs them, to see spikes. They are searched with one input at a time from its least to its greatest
        code, and the others at 0.

        Returns:
            Two codes for each input, by name; an empty dict if no spike was found.
        """
        rest = {v.name: min(max(0, v.low), v.high) for v in self.program.inputs}
        for v in self.program.inputs:
            codes = np.unique(np.linspace(v.low, v.high, 65).astype(np.int64))
            fires = np.flatnonzero(self.run(rest | {v.name: codes}, 500, codes.shape).spikes.any(axis=0))
            if fires.size:
                chosen = [int(codes[fires[0]]), int(codes[fires[len(fires) // 2]])]
                return {n: [c, c] for n, c in rest.items()} | {v.name: chosen}
        return {}

    def header(self, step: str = "") -> list[str]:
        """Return the comment of the Verilog module as lines: what it computes, ports, formats, and the rule.

        Args:
            step: name of the module of a step that is written alone, see `step_verilog`; "" for the neuron.
        """
        from .texts import rule_text

        m = self.model
        lines = [f"{step or self.top}: a neuron from equations; written by sc_neurocore.compiler, do not edit.", ""]
        for title, text in (("Equations", m.equations), ("Threshold", m.threshold), ("Reset", m.reset)):
            pieces = [" ".join(piece.split()) for piece in text.strip().splitlines()] or ["none"]
            lines += [f"{title if k == 0 else '':<11}{piece}" for k, piece in enumerate(pieces)]
        # What the user wrote stays on its line: nothing of it leaves the comment.
        constants = [f"{n} = {' '.join(str(v).split())}" for n, v in m.parameters.items()]
        lines += [f"{'Parameters' if k == 0 else '':<11}{line}" for k, line in enumerate(constants)]
        rest = f"forward Euler; refractory for {self.program.refractory} steps"
        lines += [f"{'Step':<11}dt = {' '.join(str(m.dt).split())}, {rest}", ""]
        for v in self.program.states:
            lines.append(f"o_{v.name}: {v.format} {v.unit}, signed, from {v.low} to {v.high}, {v.initial} after rst")
        for v in self.program.inputs:
            lines.append(f"i_{v.name}: {v.format} {v.unit}, signed, from {v.low} to {v.high}")
        clocks = [
            "Each clock with i_en makes one step; o_spike and o_<state> are registers, and tell of the last one. rst",
            f"is synchronous. The step is a module of its own, {self.top}_step, combinational: i_<state> is before it,",
            "o_<state> after it. s_X and i_X are state and input before the step; >> is arithmetic, towards -infinity:",
        ]
        alone = [
            "One step, combinational: i_<state> is before it, o_<state> after it. s_X and i_X are state and input",
            "before the step; >> is arithmetic, towards -infinity:",
        ]
        lines += alone if step else clocks
        return [*lines, *(f"  {line}" for line in rule_text(self.program))]

    def dead_zones(self) -> dict[str, float]:
        """Return how far from its final value each state stops, in LSB, by name; only states that decay are listed.

        A change of less than half an LSB rounds to 0. If a state loses the share r of its distance in each step, it
        stops at a distance of 1 / (2·r) LSB. Rounding down (`floor`) stops up to twice as far away, on one side. r is
        taken from the equations at the initial values, with inputs as near to 0 as their range allows.
        """
        base = {v.name: float(v.initial * v.scale) for v in self.program.states}
        base |= {v.name: min(max(0.0, float(v.low * v.scale)), float(v.high * v.scale)) for v in self.program.inputs}
        out = {}
        for v in self.program.states:
            change, step = self.dynamics.changes[v.name], float(v.scale)
            ends = [float(float_value(change, base | {v.name: base[v.name] + d})) for d in (-step, step)]
            rate = (ends[1] - ends[0]) / (2 * step)
            if rate < 0 and math.isfinite(rate):
                out[v.name] = (0.5 if self.model.rounding == "nearest" else 1.0) / -rate
        return out

    def dead_zone_warnings(self) -> list[str]:
        """Return a line for each state that stops too far from its final value, and for each term that is left out.

        Too far means more than `DEAD_ZONE` of the state's range, and more than 4 LSB. The line says which format would
        be fine enough.
        """
        lines = []
        for name, width in self.dead_zones().items():
            v = self.variable(name)
            allowed = max(DEAD_ZONE * (v.high - v.low), 4.0)
            if width > allowed:
                more = math.ceil(math.log2(width / allowed))
                unit = "" if v.unit == "1" else f" {v.unit}"
                lines.append(
                    f"{name} stops up to {width / 2**v.fraction:.3g}{unit} ({width:.0f} LSB of {v.format}) short of "
                    "its goal, where its step is below half an LSB; "
                    f"formats={{'{name}': 'Q{v.integer}.{v.fraction + more}'}} makes that "
                    f"{width / 2 ** (v.fraction + more):.2g}{unit}"
                )
        for target, term in self.lowered.dropped:
            lines.append(
                f"the term {term} never reaches {self.model.coefficient_error:g} LSB of {target} and is left out"
            )
        return lines
