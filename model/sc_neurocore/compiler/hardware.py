"""A neuron's program as Amaranth components, and as Verilog by way of Yosys.

The step of a neuron, from states and inputs to next states and spike, is a combinational module of its own. The neuron
is registers around it. In a streaming layer the frame rtl/sc_stream_neurons.v has the registers, and uses the same
step. Amaranth is imported only when a component is made.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ScError, require
from ..hardware import yosys
from ..hardware.tools import environment
from ..processes import run
from .program import (
    RESTING,
    Bits,
    Definition,
    Extreme,
    Logic,
    Program,
    Select,
    Shift,
    Sum,
    Table,
    Test,
    adders,
    bits_of,
    product_name,
    product_range,
)

__all__ = ["component", "neuron_verilog", "registers", "step_component", "step_verilog"]

#: Name of the register that counts the steps of the refractory period that are left.
LEFT = "left"


def registers(program: Program) -> dict[str, tuple[int, bool, int]]:
    """Return what a neuron keeps from one step to the next: (bits, signed, value after reset) by name.

    These are the states and, where there is a refractory period, its counter. The counter is called `_left` where an
    input is called `left`.
    """
    kept = {v.name: (v.width, True, v.initial) for v in program.states}
    left = f"_{LEFT}" if any(v.name == LEFT for v in program.inputs) else LEFT
    return kept | ({left: (program.refractory.bit_length(), False, 0)} if program.refractory else {})


def _check_amaranth() -> None:
    """Raise ScError unless Amaranth is installed."""
    try:
        import amaranth  # noqa: F401
    except ImportError:
        raise ScError("Amaranth is not installed: pip install amaranth scipy pyosys") from None


def component(program: Program, step_module: str = "") -> Any:
    """Return the Amaranth component of a program: registers around its step.

    Its ports are i_en, i_<input>, o_spike, o_<state>, and o_left, the steps of the refractory period that are left,
    where there can be any. It is in the domain sync, with a reset. Each clock with i_en makes one step, and o_spike
    tells of the last step.

    Args:
        program: the neuron.
        step_module: name of the Verilog module of the step to instantiate; "": the step is a component within this one.

    Raises:
        ScError: Amaranth is not installed.
    """
    _check_amaranth()
    from amaranth.hdl import Instance, Module, Shape, Signal
    from amaranth.lib import wiring
    from amaranth.lib.wiring import In, Out

    kept = registers(program)
    outs = {k: f"o_{k.lstrip('_')}" for k in kept}

    class Neuron(wiring.Component):  # type: ignore[misc]
        """The registers of a neuron around its step."""

        def __init__(self) -> None:
            ports = {"i_en": In(1), "o_spike": Out(1)}
            ports |= {f"i_{v.name}": In(Shape(v.width, True)) for v in program.inputs}
            ports |= {outs[k]: Out(Shape(n, s), init=init) for k, (n, s, init) in kept.items()}
            super().__init__(ports)

        def elaborate(self, platform: object) -> Module:
            m = Module()
            before = {f"i_{v.name}": getattr(self, f"i_{v.name}") for v in program.inputs}
            before |= {f"i_{k}": getattr(self, outs[k]) for k in kept}
            after = {f"o_{k}": Signal(Shape(n, s), name=f"{k}_next") for k, (n, s, _) in kept.items()}
            after |= {"o_spike": Signal(name="spike_next")}
            if step_module:
                ports = {f"i_{k}": v for k, v in before.items()} | {f"o_{k}": v for k, v in after.items()}
                m.submodules.u_step = Instance(step_module, **ports)
            else:
                m.submodules.u_step = step = step_component(program)
                m.d.comb += [getattr(step, k).eq(v) for k, v in before.items()]
                m.d.comb += [v.eq(getattr(step, k)) for k, v in after.items()]
            with m.If(self.i_en):
                m.d.sync += self.o_spike.eq(after["o_spike"])
                m.d.sync += [getattr(self, outs[k]).eq(after[f"o_{k}"]) for k in kept]
            return m

    return Neuron()


def step_component(program: Program) -> Any:
    """Return the Amaranth component of one step of a program, which is combinational.

    Its ports are i_<input>, i_<state>, o_<state>, o_spike, and i_left and o_left, the steps of the refractory period
    that are left before and after it, where there can be any.

    Raises:
        ScError: Amaranth is not installed.
    """
    _check_amaranth()
    from amaranth.hdl import Const, Module, Mux, Shape, Signal, Value
    from amaranth.lib import wiring
    from amaranth.lib.wiring import In, Out

    kept = registers(program)
    left = list(kept)[-1]  # where there is refractory

    def shape(low: int, high: int) -> Shape:
        """Return the smallest shape of Amaranth that holds low … high."""
        return Shape(*bits_of(low, high))

    class Step(wiring.Component):  # type: ignore[misc]
        """One step, with a signal for each definition of the program."""

        def __init__(self) -> None:
            ports = {f"i_{v.name}": In(Shape(v.width, True)) for v in program.inputs}
            ports |= {f"i_{k}": In(Shape(n, s)) for k, (n, s, _) in kept.items()}
            ports |= {f"o_{k}": Out(Shape(n, s)) for k, (n, s, _) in kept.items()}
            super().__init__(ports | {"o_spike": Out(1)})

        def elaborate(self, platform: object) -> Module:
            m = Module()
            values: dict[str, Value] = {f"s_{v.name}": getattr(self, f"i_{v.name}") for v in program.states}
            values |= {f"i_{v.name}": self.limited(m, v.name) for v in program.inputs}
            resting = getattr(self, f"i_{left}") != 0 if program.refractory else Const(0, 1)
            values[RESTING] = resting
            for d in program.definitions:
                values[d.name] = self.define(m, d, values)
            spike = values[program.spike]
            m.d.comb += self.o_spike.eq(spike)
            m.d.comb += [getattr(self, f"o_{v.name}").eq(values[program.following[v.name]]) for v in program.states]
            if program.refractory:
                before = getattr(self, f"i_{left}")
                after = Mux(resting, before - 1, Mux(spike, program.refractory, 0))
                m.d.comb += getattr(self, f"o_{left}").eq(after)
            return m

        def limited(self, m: Module, name: str) -> Value:
            """Return an input, limited to low … high where these are narrower than its format.

            The bounds of all definitions assume these limits, so the hardware must not rely on its user for them.
            """
            v = next(v for v in program.inputs if v.name == name)
            port = getattr(self, f"i_{name}")
            if (v.low, v.high) == (-(1 << v.width - 1), (1 << v.width - 1) - 1):
                return port
            held = Signal(shape(v.low, v.high), name=f"held_{name}")
            m.d.comb += held.eq(Mux(port < v.low, v.low, Mux(port > v.high, v.high, port)))
            return held

        def wire(self, m: Module, name: str, low: int, high: int, value: Value, keep: bool = False) -> Value:
            """Return a new signal of the width that low … high need; `keep` forbids synthesis to merge it away."""
            signal = Signal(shape(low, high), name=name, attrs={"keep": 1} if keep else None)
            m.d.comb += signal.eq(value)
            return signal

        def named(self, m: Module, name: str, value: Value) -> Value:
            """Return a new signal of the value's own width."""
            signal = Signal(value.shape(), name=name)
            m.d.comb += signal.eq(value)
            return signal

        def product(self, m: Module, operands: tuple[str, ...], values: dict[str, Value]) -> Value:
            """Return a product of operands; each is made once."""
            name = product_name(operands)
            if name not in values:
                left, right = (self.product(m, o, values) for o in (operands[:-1], operands[-1:]))
                values[name] = self.wire(m, name, *product_range(program.ranges, operands), left * right)
            return values[name]

        def total(self, m: Module, d: Sum | Test, values: dict[str, Value]) -> Value:
            """Return Σ coefficient · product + constant.

            Each adder's result is kept, so that it stays on a carry chain of its own: synthesis would merge them into a
            compressor tree of LUTs, which is up to 2.8 times as large.
            """
            for _, operands in d.terms:
                self.product(m, operands, values)
            made, last, shift = adders(program, d)
            for a in made:
                left, right = (Const(x) if isinstance(x, int) else values[x] for x in (a.left, a.right))
                right = right << a.shift if a.shift else right
                signs = a.left_sign < 0, a.right_sign < 0
                value = right - left if signs[0] else left - right if signs[1] else left + right
                values[a.name] = self.wire(m, a.name, a.low, a.high, value, keep=True)
            value = Const(last) if isinstance(last, int) else values[last]
            return value << shift if shift else value

        def define(self, m: Module, d: Definition, values: dict[str, Value]) -> Value:
            """Return the signal of a definition, and make what computes it."""
            match d:
                case Sum():
                    value = self.total(m, d, values) >> d.shift
                    value = value + values[d.base] if d.base else value
                    value = self.named(m, f"{d.name}_moved", value)
                    if d.clip:
                        value = Mux(value < d.low, d.low, Mux(value > d.high, d.high, value))
                case Bits(argument=argument, shift=shift, bits=bits):
                    value = values[argument] >> shift
                    value = value if bits is None else value[:bits]
                case Table():
                    index = self.wire(
                        m, f"{d.name}_index", 0, (len(d.bases) << d.segment_bits) - 1, values[d.argument] - d.first
                    )
                    segment = index[d.segment_bits :]
                    base, slope = (
                        self.lookup(m, f"{d.name}_{what}", content, segment)
                        for what, content in (("base", d.bases), ("slope", d.slopes))
                    )
                    value = base + (slope * index[: d.segment_bits] + d.half >> d.slope_shift)
                case Shift(argument=argument, amount=amount, constant=constant, shift=shift):
                    value = (values[argument] << values[amount]) + constant >> shift
                case Extreme(function=function, left=left, right=right):
                    a, b = values[left], values[right]
                    value = Mux((a < b) if function == "min" else (a > b), a, b)
                case Test():
                    value = self.total(m, d, values) >= 0
                case Logic(operator=operator, arguments=arguments):
                    value = values[arguments[0]]
                    for a in arguments[1:]:
                        value = value & values[a] if operator == "and" else value | values[a]
                    value = ~value if operator == "not" else value
                case Select(condition=condition, yes=yes, no=no):
                    value = Mux(values[condition], values[yes], values[no])
            return self.wire(m, d.name, d.low, d.high, value)

        def lookup(self, m: Module, name: str, content: tuple[int, ...], index: Value) -> Value:
            """Return content[index] by a tree of multiplexers, a bit of the index a level."""
            low, high = min(content), max(content)

            def tree(values: tuple[int, ...], bits: int) -> Value:
                if len(values) == 1:
                    return Const(values[0], shape(low, high))
                half = 1 << bits - 1
                if len(values) <= half:
                    return tree(values, bits - 1)
                return Mux(index[bits - 1], tree(values[half:], bits - 1), tree(values[:half], bits - 1))

            return self.wire(m, name, low, high, tree(content, (len(content) - 1).bit_length()))

    return Step()


def neuron_verilog(program: Program, module: str, header: list[str]) -> str:
    """Return the Verilog-2005 of a neuron: its module, and the module of its step, <module>_step.

    Args:
        program: the neuron.
        module: name of the module.
        header: lines of the comment on top.

    Raises:
        ScError: Amaranth or Yosys is missing, or Yosys fails.
    """
    step = f"{module}_step"
    return _verilog({module: component(program, step)}, {step: step_component(program)}, header)


def step_verilog(program: Program, module: str, header: list[str]) -> str:
    """Return the Verilog-2005 of a neuron's step alone, as a module of the given name.

    The arguments and errors are those of `neuron_verilog`.
    """
    return _verilog({}, {module: step_component(program)}, header)


def _verilog(tops: Mapping[str, Any], steps: Mapping[str, Any], header: list[str]) -> str:
    """Return the Verilog of Amaranth components, converted by one run of Yosys.

    Args:
        tops: components that are top modules, by module name.
        steps: components that others instantiate, by module name.
        header: lines of the comment on top.
    """
    from amaranth.back import rtlil

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = {**tops, **steps}
        for module, each in made.items():
            (folder / f"{module}.il").write_text(rtlil.convert(each, name=module, emit_src=False), encoding="utf-8")
        passes = [f"read_rtlil {module}.il" for module in made]
        # Amaranth takes whatever it converts for the top of a design.
        passes += [f"setattr -mod -unset top {module}" for module in steps]
        # Passes that optimise join parts of wires, in which Verilator sees loops.
        passes += ["proc -noopt -norom", "write_verilog out.v"]
        (folder / "make.ys").write_text("".join(f"{line}\n" for line in passes), encoding="utf-8")
        done = run([*yosys.command(), "-q", "-s", "make.ys"], cwd=folder, env=environment())
        require(done.returncode == 0, f"Yosys could not write {', '.join(made)}: {done.stdout[-2000:]}")
        verilog = (folder / "out.v").read_text(encoding="utf-8")
    verilog = re.sub(r"\A/\*.*?\*/\s*", "", verilog)
    comment = "".join(f"// {line}".rstrip() + "\n" for line in header)
    # Yosys lets Verilog extend the narrower operand, by the rules of the language.
    lint = "/* verilator lint_off WIDTHEXPAND */\n", "/* verilator lint_on WIDTHEXPAND */\n"
    return f"{comment}`default_nettype none\n{lint[0]}{verilog.strip()}\n{lint[1]}`default_nettype wire\n"
