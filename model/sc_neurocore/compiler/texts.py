"""The texts beside a neuron's Verilog: its rule for people, an integer Python model, and a cocotb bench.

All are written from the integer definitions of `program`, as the Verilog is. The Python model and the bench need
nothing of this package, so the generated folder can be used alone.
"""

from __future__ import annotations

import json

from .program import RESTING, Bits, Definition, Extreme, Logic, Program, Select, Shift, Sum, Table, Term, Test

__all__ = ["bench_text", "expression", "model_text", "rule_text"]


def _terms_text(terms: tuple[Term, ...], constant: int) -> str:
    """Return Σ coefficient · product + constant as Python text, with signs written as + and − between the terms.

    Example:
        >>> _terms_text(((3, ("s_v",)), (-1, ("i_I", "s_v"))), 8)
        '3*s_v - i_I*s_v + 8'
    """
    text = ""
    for coefficient, operands in terms:
        size = abs(coefficient)
        factor = "*".join([*([] if size == 1 else [str(size)]), *operands])
        text += (("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")) + factor
    if constant or not text:
        text += f"{constant}" if not text else f" {'-' if constant < 0 else '+'} {abs(constant)}"
    return text


def expression(d: Definition) -> str:
    """Return what a definition computes as an expression of Python, in which >> rounds towards minus infinity.

    Args:
        d: any definition but a Table, which takes several statements.

    Raises:
        AssertionError: `d` is a Table.

    Example:
        >>> expression(Select("n_v", "spike", "r0_v", "u_v", 0, 9))
        'r0_v if spike else u_v'
    """
    match d:
        case Sum():
            value = _terms_text(d.terms, d.constant)
            value = f"({value}) >> {d.shift}" if d.shift else value
            value = f"{d.base} + ({value})" if d.base else value
            return f"min(max({value}, {d.low}), {d.high})" if d.clip else value
        case Bits(argument=argument, shift=shift, bits=bits):
            return f"{argument} >> {shift}" + ("" if bits is None else f" & {(1 << bits) - 1}")
        case Shift(argument=argument, amount=amount, constant=constant, shift=shift):
            return f"(({argument} << {amount}) + {constant}) >> {shift}"
        case Extreme(function=function, left=left, right=right):
            return f"{function}({left}, {right})"
        case Test():
            return f"{_terms_text(d.terms, d.constant)} >= 0"
        case Logic(operator=operator, arguments=arguments):
            return f"not {arguments[0]}" if operator == "not" else f" {operator} ".join(arguments)
        case Select(condition=condition, yes=yes, no=no):
            return f"{yes} if {condition} else {no}"
        case Table():
            raise AssertionError("a table is no expression")


def rule_text(program: Program) -> list[str]:
    """Return the definitions of a step, one a line, for the Verilog's comment. Of a table only its size is said."""
    return [
        f"{d.name} = table of {len(d.bases)} segments of {1 << d.segment_bits} codes, at {d.argument}"
        if isinstance(d, Table)
        else f"{d.name} = {expression(d)}"
        for d in program.definitions
    ]


def model_text(program: Program, module: str) -> str:
    """Return the text of a Python module that computes the neuron in Python's integers and imports nothing.

    It has STATES and INPUTS, each with the least code, the greatest code and the bits by name; REFRACTORY, in steps;
    `initial()`; and `step(state, inputs)`. Inputs beyond their limits are limited, as in the Verilog.

    Args:
        program: the neuron.
        module: name of the Verilog module, for the module's docstring.
    """
    lines: list[str] = []
    for d in program.definitions:
        if isinstance(d, Table):
            lines.append(f"    index = {d.argument} - ({d.first})")
            lines.append(f"    segment, rest = index >> {d.segment_bits}, index & {(1 << d.segment_bits) - 1}")
            value = f"{d.bases}[segment] + ({d.slopes}[segment] * rest + {d.half} >> {d.slope_shift})"
        else:
            value = expression(d)
        lines.append(f"    {d.name} = {value}")
    unpack = [f"    s_{v.name} = state[{v.name!r}]" for v in program.states]
    unpack += [f"    i_{v.name} = min(max(inputs[{v.name!r}], {v.low}), {v.high})" for v in program.inputs]
    after = ", ".join(f"{v.name!r}: {program.following[v.name]}" for v in program.states)
    states = ", ".join(f"{v.name!r}: ({v.low}, {v.high}, {v.width})" for v in program.states)
    inputs = ", ".join(f"{v.name!r}: ({v.low}, {v.high}, {v.width})" for v in program.inputs)
    first = ", ".join(f"{v.name!r}: {v.initial}" for v in program.states)
    body = "\n".join([*unpack, f"    {RESTING} = state['left'] != 0", *lines])
    return f'''"""The integer model of {module}; written by sc_neurocore.compiler, do not edit."""

# Name: (least code, greatest code, bits).
STATES = {{{states}}}
INPUTS = {{{inputs}}}
REFRACTORY = {program.refractory}


def initial():
    """Return the state after rst: codes, and `left`, the steps of refractory that are left."""
    return {{{first}, "left": 0}}


def step(state, inputs):
    """Return (state, spike) after one step; inputs: codes by name."""
{body}
    left = state["left"] - 1 if {RESTING} else REFRACTORY if {program.spike} else 0
    return {{{after}, "left": left}}, int({program.spike})
'''


def bench_text(program: Program, module: str, model: str, drive: dict[str, list[int]]) -> str:
    """Return the text of a cocotb bench that compares a Verilog module with its Python model in every clock.

    Its tests run the neuron at inputs that make it fire, and at random ones with gaps in the enable and resets.

    Args:
        program: the neuron.
        module: name of the Verilog module.
        model: name of the Python module of `model_text`.
        drive: codes of each input, as lists of one length, at which the neuron is known to spike
            (`CompiledNeuron.drive`). If it is empty, no spike is asked for.
    """
    return f'''"""{module} against {model}: state and spike in every clock.

    Written by sc_neurocore.compiler, do not edit.

    python {module}_bench.py        builds and runs it (cocotb, and Verilator or the simulator that SIM names)
"""

import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

import {model} as model

DRIVE = {json.dumps(drive)}


def signed(handle, bits):
    value = int(handle.value)
    return value - (1 << bits) if value >> bits - 1 else value


async def compare(dut, clocks, draw):
    """Step design and model together; draw: clock → (rst, enable, inputs). Returns the number of spikes."""
    state, spike, spikes = model.initial(), 0, 0
    for clock in range(clocks):
        rst, enable, inputs = draw(clock)
        dut.rst.value, dut.i_en.value = rst, enable
        for name, code in inputs.items():
            getattr(dut, f"i_{{name}}").value = code % (1 << model.INPUTS[name][2])
        await FallingEdge(dut.clk)
        if rst:
            state, spike = model.initial(), 0
        elif enable:
            state, spike = model.step(state, inputs)
        got = {{name: signed(getattr(dut, f"o_{{name}}"), bits) for name, (_, _, bits) in model.STATES.items()}}
        wanted = {{name: state[name] for name in model.STATES}}
        if model.REFRACTORY:
            got["left"], wanted["left"] = int(dut.o_left.value), state["left"]
        seed = cocotb.RANDOM_SEED
        assert got == wanted, f"clock {{clock}}, seed {{seed}}, inputs {{inputs}}: got {{got}}, expected {{wanted}}"
        assert int(dut.o_spike.value) == spike, f"clock {{clock}}, seed {{seed}}: o_spike must be {{spike}}"
        spikes += spike
    return spikes


async def start(dut):
    for name in model.INPUTS:
        getattr(dut, f"i_{{name}}").value = 0
    dut.i_en.value, dut.rst.value = 0, 1
    cocotb.start_soon(Clock(dut.clk, 4, unit="ns").start(start_high=False))
    await FallingEdge(dut.clk)
    await FallingEdge(dut.clk)


@cocotb.test()
async def spikes_as_the_model_does(dut):
    """Constant inputs at which the neuron fires, from rest."""
    await start(dut)
    spikes = 0
    for k in range(len(next(iter(DRIVE.values()), []))):
        inputs = {{name: codes[k] for name, codes in DRIVE.items()}}
        spikes += await compare(dut, 500, lambda clock, inputs=inputs: (clock == 0, 1, inputs))
    cocotb.log.info("%d spikes", spikes)
    assert spikes > 0 or not DRIVE


@cocotb.test()
async def saturates_and_holds_as_the_model_does(dut):
    """Inputs at both limits and anywhere, for a while each; gaps in the enable; resets in mid-run."""
    await start(dut)
    draw = random.Random(cocotb.RANDOM_SEED)
    held = {{}}

    def inputs(clock):
        for name, (low, high, _) in model.INPUTS.items():
            if clock % 40 == 0 or draw.random() < 0.02:
                held[name] = draw.choice([low, high, 0, draw.randint(low, high)])
        return draw.random() < 0.002 or clock == 0, draw.random() < 0.9, dict(held)

    await compare(dut, 2000, inputs)


if __name__ == "__main__":
    from pathlib import Path

    from cocotb_tools.runner import get_runner

    here = Path(__file__).resolve().parent
    runner = get_runner(os.environ.get("SIM", "verilator"))
    runner.build(sources=[here / "{module}.v"], hdl_toplevel="{module}", build_dir=here / "build")
    runner.test(hdl_toplevel="{module}", test_module="{module}_bench", test_dir=here)
'''
