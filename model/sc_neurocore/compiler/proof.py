"""The proof of a generated neuron: a harness in wide plain Verilog, its SymbiYosys script, and planted bugs.

The harness is written from the program's definitions, each as one expression in arithmetic so wide that nothing wraps,
with `*` and comparisons. It takes no width from what Amaranth made. A solver cannot compare two trees of adders as
wholes, so each definition, and each adder in a sum, is a claim of its own on the wires of the design.

The names in the harness follow these rules, for a wire `x` of the design's step:

* d_x is the wire itself, with its own width and sign. The script connects it.
* x is d_x in the common width in which nothing wraps.
* e_x is the value that the definition of x gives for the wires of its operands. A claim says that x equals e_x.

`harness_text` and `script_text` make the files of a proof, `prove` runs it, and `bugs` yields programs with a mistake,
which the proof must find. docs/equations.md says what the claims mean together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..errors import require
from ..hardware.formal_tools import Proof, run_task
from .program import (
    RESTING,
    Adder,
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
    products,
)

__all__ = ["Proof", "bugs", "harness_text", "proof_tasks", "prove", "script_text"]


TASKS = ("prove", "prove_products", "cover", "hunt")


def _width(program: Program) -> int:
    """Return bits in which no definition wraps, whatever the order of its operations.

    It is the width of the greatest magnitude of any intermediate value, with a sign and two bits to spare. Of a sum,
    the magnitudes of all terms are added.
    """
    most = 1
    for d in program.definitions:
        match d:
            case Sum(terms=terms) | Test(terms=terms):
                total = abs(d.constant)
                for c, operands in terms:
                    size = abs(c)
                    for o in operands:
                        size *= max(map(abs, program.ranges[o])) + 1
                    total += size
                most = max(most, total)
            case Shift(argument=argument, greatest=greatest):
                most = max(most, max(map(abs, program.ranges[argument])) << greatest)
            case Table():
                most = max(most, (max(map(abs, d.slopes), default=0) + 1) << d.segment_bits)
        most = max(most, *(abs(v) for v in program.ranges[d.name]))
    return most.bit_length() + 3


class _Harness:
    """Writes claims about every wire of the design, in arithmetic of one width.

    Args:
        program: What is claimed.
        design: What the module was made from. It has definitions of the same names, and its adders are looked at. It
            differs from `program` only where a bug was planted.

    Attributes:
        width: Bits of the common arithmetic.
        lines: Declarations and wires, as lines of Verilog.
        claims: Assertions of the main proof.
        products: Assertions that a product's wire is the product, which are a proof of their own.
        cuts: Wires of the design that the harness looks at. The script connects them.
    """

    def __init__(self, program: Program, design: Program) -> None:
        self.program, self.design = program, design
        self.width = max(_width(program), _width(design))
        self.lines: list[str] = []
        self.claims: list[str] = []
        self.products: list[str] = []
        self.cuts: list[str] = []

    def number(self, value: int) -> str:
        """Return an integer as a signed Verilog constant of the common width."""
        return f"{'-' if value < 0 else ''}{self.width}'sd{abs(value)}"

    def wire(self, name: str, value: str) -> None:
        """Declare a wire of the common width that has a value."""
        self.lines.append(f"    wire signed [{self.width - 1}:0] {name} = {value};")

    def claim(self, name: str, condition: str) -> None:
        """Add the assertion a_<name> to the main proof."""
        self.claims.append(f"        a_{name}: assert ({condition});\n")

    def cut(self, name: str, low: int, high: int) -> None:
        """Declare a wire of the design, which the script connects, and the same in the common width.

        Args:
            name: Name of the wire in the step.
            low: Its least value, by which the harness knows its width and sign.
            high: Its greatest value.
        """
        bits, signed = bits_of(low, high)
        self.cuts.append(name)
        self.lines.append(f"    (* keep *) wire {'signed ' if signed else ''}[{bits - 1}:0] d_{name};")
        self.wire(name, f"d_{name}" if signed else f"$signed({{1'b0, d_{name}}})")

    def product(self, operands: tuple[str, ...]) -> str:
        """Return a product's wire, after declaring it and claiming its value.

        It is claimed in the sum of its factors' widths, which holds every value. A solver can compare two multipliers
        of the same width, but hardly two of different widths.

        Args:
            operands: The factors. More than two are multiplied from the left, one after the other.
        """
        name = product_name(operands)
        if len(operands) > 1 and name not in self.cuts:
            left = self.product(operands[:-1])
            low, high = product_range(self.program.ranges, operands)
            self.cut(name, low, high)
            bits, signed = bits_of(low, high)
            a, b = (
                f"{x}[{n - 1}:0]" if not s else f"$signed({x}[{n - 1}:0])"
                for x, (n, s) in (
                    (left, bits_of(*product_range(self.program.ranges, operands[:-1]))),
                    (operands[-1], bits_of(*self.program.ranges[operands[-1]])),
                )
            )
            both = [bits_of(*product_range(self.program.ranges, o))[1] for o in (operands[:-1], operands[-1:])]
            a, b = (x if s or not any(both) else f"$signed({{1'b0, {x}}})" for x, s in zip((a, b), both, strict=True))
            self.lines.append(f"    wire {'signed ' if signed else ''}[{bits - 1}:0] e_{name} = {a} * {b};")
            self.products.append(f"        a_product_{name}: assert (d_{name} == e_{name});\n")
        return name

    def total(self, d: Sum | Test) -> str:
        """Claim that the design's adders are exact and make the definition's sum.

        Each adder is claimed by itself. That the tree of them makes the sum is claimed on a Verilog function, which
        repeats the tree with exact adders: an affine function is the wanted one everywhere if it is so where all
        operands are 0, and where one of them is 1 and the others are 0.

        Args:
            d: The definition, without its shift, base and limits.

        Returns:
            The sum, as an expression of Verilog.
        """
        made = next(x for x in self.design.definitions if x.name == d.name)
        assert isinstance(made, (Sum, Test))
        for _, operands in (*d.terms, *made.terms):
            self.product(operands)
        chain, last, shift = adders(self.design, made)
        atoms = list(dict.fromkeys(product_name(o) for _, o in (*d.terms, *made.terms)))

        def of(operand: str | int) -> str:
            return self.number(operand) if isinstance(operand, int) else operand

        def sum_of(a: Adder) -> str:
            scaled = f"{of(a.right)} * {self.number(1 << a.shift)}"
            return f"{'-' if a.left_sign < 0 else ''}{of(a.left)} {'-' if a.right_sign < 0 else '+'} {scaled}"

        result = f"{of(last)} * {self.number(1 << shift)}"
        for a in chain:
            self.cut(a.name, a.low, a.high)
            self.claim(a.name, f"{a.name} == {sum_of(a)}")
        # A tree of exact adders is affine in its operands: it is the definition's sum if it is so at 0 and each unit.
        word = f"signed [{self.width - 1}:0]"
        names = ", ".join(a.name for a in chain)
        self.lines += [
            f"    function {word} tree_{d.name};",
            f"        input {word} {', '.join(atoms) or 'unused'};",
            *([f"        reg {word} {names};"] if chain else []),
            "        begin",
            *(f"            {a.name} = {sum_of(a)};" for a in chain),
            f"            tree_{d.name} = {result};",
            "        end",
            "    endfunction",
        ]
        wanted = {product_name(o): c for c, o in d.terms}
        points = [[int(k == j) for j in range(len(atoms))] for k in range(-1, len(atoms))]
        for k, point in enumerate(points):
            value = d.constant + (wanted.get(atoms[k - 1], 0) if k else 0)
            at = ", ".join(self.number(x) for x in point) or self.number(0)
            self.claim(f"sum{k}_{d.name}", f"tree_{d.name}({at}) == {self.number(value)}")
        return result

    def define(self, d: Definition) -> None:
        """Claim that the design's wire of a definition has the value that it gives for its operands' wires."""
        n = self.number
        match d:
            case Sum(name=name):
                self.wire(f"{name}_total", self.total(d))
                moved = f"({name}_total >>> {d.shift})" if d.shift else f"{name}_total"
                self.wire(f"{name}_free", f"{d.base} + {moved}" if d.base else moved)
                value = f"{name}_free"
                if d.clip:
                    value = f"{value} > {n(d.high)} ? {n(d.high)} : {value} < {n(d.low)} ? {n(d.low)} : {value}"
            case Bits(name=name, argument=argument, shift=shift, bits=bits):
                value = f"({argument} >>> {shift})" if shift else argument
                value = value if bits is None else f"{value} & {n((1 << bits) - 1)}"
            case Table(name=name):
                self.wire(f"{name}_i", f"{d.argument} - {n(d.first)}")
                self.wire(f"{name}_d", f"{name}_i & {n((1 << d.segment_bits) - 1)}")
                for what, content in (("b", d.bases), ("s", d.slopes)):
                    self.lines.append(f"    reg signed [{self.width - 1}:0] {name}_{what};")
                    cases = "".join(f" {k}: {name}_{what} = {n(v)};" for k, v in enumerate(content))
                    at = f"{name}_i >>> {d.segment_bits}"
                    self.lines.append(f"    always @* begin {name}_{what} = 0; case ({at}){cases} endcase end")
                value = f"{name}_b + (({name}_s * {name}_d + {n(d.half)}) >>> {d.slope_shift})"
            case Shift(name=name):
                self.wire(f"{name}_full", f"{d.argument} << {d.amount}")
                value = f"({name}_full + {n(d.constant)}) >>> {d.shift}"
            case Extreme(name=name, function=function, left=left, right=right):
                value = f"{left} {'<' if function == 'min' else '>'} {right} ? {left} : {right}"
            case Test(name=name):
                self.wire(f"{name}_total", self.total(d))
                value = f"{name}_total >= 0 ? 1 : 0"
            case Logic(name=name, operator=operator, arguments=arguments):
                conditions = [f"{a} != 0" for a in arguments]
                value = (
                    f"{arguments[0]} == 0"
                    if operator == "not"
                    else (" && " if operator == "and" else " || ").join(conditions)
                )
                value = f"({value}) ? 1 : 0"
            case Select(name=name, condition=condition, yes=yes, no=no):
                value = f"{condition} != 0 ? {yes} : {no}"
        made = next(x for x in self.design.definitions if x.name == d.name)
        self.cut(name, made.low, made.high)
        self.wire(f"e_{name}", value)
        self.claim(f"is_{name}", f"{name} == e_{name}")


def harness_text(program: Program, module: str, design: Program | None = None) -> tuple[str, list[str]]:
    """Return the harness <module>_fv of a neuron's module, and the wires of its step that it looks at.

    The comment at the head of the harness lists its claims.

    Args:
        program: The neuron.
        module: Name of its Verilog module.
        design: The program that the module was made from, if it is another one, with a planted bug (`bugs`).

    Returns:
        The text of the harness, and the wires that the script must connect.

    Example:
        >>> from sc_neurocore.compiler import compile_neuron
        >>> from sc_neurocore.compiler.neurons import NEURONS
        >>> text, cuts = harness_text(compile_neuron(NEURONS["lif"]).program, "lif_neuron")
        >>> "module lif_neuron_fv (" in text, cuts[-2:]
        (True, ['r0_v', 'n_v'])
    """
    h = _Harness(program, design or program)
    states, inputs = program.states, program.inputs
    for v in states:
        h.wire(f"s_{v.name}", f"$signed(o_{v.name})")
    for v in inputs:
        port, low, high = f"$signed(p_{v.name})", h.number(v.low), h.number(v.high)
        h.wire(f"w_{v.name}", port)
        h.wire(f"i_{v.name}", f"w_{v.name} < {low} ? {low} : w_{v.name} > {high} ? {high} : w_{v.name}")
    left_bits = max(1, program.refractory.bit_length())
    h.lines.append(f"    wire [{left_bits}:0] left = {'o_left' if program.refractory else '0'};")
    h.wire(RESTING, "left != 0 ? 1 : 0")
    for d in program.definitions:
        h.define(d)
    ports = "".join(f",\n    input wire [{v.width - 1}:0] p_{v.name}" for v in inputs)
    outs = "".join(f"    wire [{v.width - 1}:0] o_{v.name};\n" for v in states)
    joins = "".join(f", .i_{v.name}(p_{v.name})" for v in inputs) + "".join(
        f", .o_{v.name}(o_{v.name})" for v in states
    )
    if program.refractory:
        outs += f"    wire [{left_bits - 1}:0] o_left;\n"
        joins += ", .o_left(o_left)"
    w = h.width
    due = "".join(f"    reg signed [{w - 1}:0] due_{v.name};\n" for v in states)
    reset = "".join(f"            due_{v.name} <= {h.number(v.initial)};\n" for v in states)
    hold = "".join(f"            due_{v.name} <= s_{v.name};\n" for v in states)
    step = "".join(f"            due_{v.name} <= {program.following[v.name]};\n" for v in states)
    within = " && ".join(
        [*(f"s_{v.name} >= {h.number(v.low)} && s_{v.name} <= {h.number(v.high)}" for v in states),
         f"left <= {program.refractory}"]
    )  # fmt: skip
    claims = "".join(
        f"        a_state_{v.name}: assert (s_{v.name} == due_{v.name});\n"
        f"        a_limits_{v.name}: assert (due_{v.name} >= {h.number(v.low)}"
        f" && due_{v.name} <= {h.number(v.high)});\n"
        for v in states
    )
    claims += "".join(h.claims)
    products = "".join(h.products)
    body = "\n".join(h.lines)
    text = f"""// SPDX-License-Identifier: Apache-2.0
// {module}, for every state within its limits, every input, and rst and i_en at any clock:
//   is      each definition's wire is what the definition says of its operands' wires, in {w}-bit arithmetic, in which
//           nothing wraps and limiting is two comparisons: so, one after the other, the last ones are what all say;
//   sum     for a sum: each two-operand adder is exact (a_…_p), and the tree of adders, which is affine, agrees with
//           the definition's sum at 0 and at each unit vector, so everywhere;
//   state   after a clock with i_en state and o_spike are the values of their definitions;
//   limits  what they give lies within each state's limits;
//   product a product's wire is the product, at full width (PRODUCTS); for all other claims its value is free (the
//           script cuts it), which they hold for all the same;
//   rest    no spike while steps of refractory are left, which count down by one a step;
//   hold    without i_en nothing changes; rst brings the initial state.
// The initial state is free (the script removes the registers' initial values), so one step covers all of them.
`default_nettype none
module {module}_fv (
    input wire clk,
    input wire rst,
    input wire i_en{ports}
);
    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;

{outs}    wire o_spike;
    {module} u_neuron (.clk(clk), .rst(rst), .i_en(i_en), .o_spike(o_spike){joins});

{body}

{due}    reg due_spike;
    reg [{left_bits}:0] due_left;
    reg rested;
    always @(posedge clk) begin
        rested <= {RESTING} != 0 && i_en && !rst;
        if (rst) begin
{reset}            due_spike <= 0;
            due_left <= 0;
        end else if (!i_en) begin
{hold}            due_spike <= o_spike;
            due_left <= left;
        end else begin
{step}            due_spike <= {program.spike} != 0;
            due_left <= {RESTING} != 0 ? left - 1 : {program.spike} != 0 ? {program.refractory} : 0;
        end
    end

    always @* begin
`ifdef FROM_RESET
        if (!past_valid) assume (rst);
`else
        if (!past_valid) assume ({within});
`endif
        if (past_valid) begin
`ifdef PRODUCTS
{products}`else
{claims}        a_spike: assert (o_spike == due_spike);
        a_left: assert (left == due_left);
        a_rest: assert (!(rested && o_spike));
`endif
        end
    end
    always @(posedge clk) if (past_valid && !rst) begin
        c_spike: cover (o_spike);
        c_quiet: cover (!o_spike && i_en);
    end
endmodule
`default_nettype wire
"""
    return text, h.cuts


def script_text(program: Program, module: str, cuts: list[str], cover_depth: int = 32) -> str:
    """Return the SymbiYosys script of a neuron's proof.

    Its tasks are:

    * prove: all claims but those on products, without a bound. Products are cut, so that they may have any value.
    * prove_products: each product's wire is the product. There is no such task without products of variables.
    * cover: a spike, and a clock without a spike, are reached from reset.
    * hunt: the claims of `prove` for two clocks. For a neuron with a planted bug, it finds a counterexample.

    Args:
        program: The neuron, which says what wires are products.
        module: Name of its Verilog module.
        cuts: The wires that the harness looks at (`harness_text`).
        cover_depth: Clocks in which every cover must be reached from reset.

    Returns:
        The text of <module>.sby.
    """
    made = {product_name(operands) for operands in products(program)}
    multiplied = [name for name in cuts if name in made]
    product_task = "prove_products any\n" if multiplied else ""
    product_mode = "prove_products: mode prove\nprove_products: depth 2\n" if multiplied else ""
    product_read = f"prove_products: read -formal -DPRODUCTS {module}_fv.v\n" if multiplied else ""
    product_cut = "".join(f"cut: cutpoint w:u_neuron.u_step.{name}\n" for name in multiplied)
    joins = "\n".join(f"connect -nounset -set d_{name} u_neuron.u_step.{name}" for name in cuts)
    return f"""# claim: {module} makes the step of its definitions, for every state and input, in every clock
# claim: it saturates at its limits and never wraps; no spike comes while it is refractory
[tasks]
prove any cut
{product_task}cover
hunt any cut

[options]
prove: mode prove
prove: depth 2
{product_mode}cover: mode cover
cover: depth {cover_depth}
hunt: mode bmc
hunt: depth 2

[engines]
smtbmc yices

[script]
read -formal {module}.v
cover: read -formal -DFROM_RESET {module}_fv.v
cut: read -formal {module}_fv.v
{product_read}hierarchy -top {module}_fv
proc -norom
flatten
{product_cut}{joins}
any: setattr -unset init w:* w:past_valid %d
opt_clean
check

[files]
{module}.v
{module}_fv.v
"""


def bugs(program: Program) -> Iterator[tuple[str, Program]]:
    """Yield programs with one mistake each, and what it is: every proof must turn red on each of them.

    A proof that finds none of them would prove nothing. The mistakes are those that a compiler or a design could make:
    wrong rounding, a sum that wraps, a wrong bit in a coefficient or a table, a threshold that is off by one, a wrong
    shift, and a refractory period or a reset that is wrong.

    Args:
        program: The neuron without a mistake.

    Yields:
        A sentence that says what is wrong, and the program. A mistake that changes nothing for this neuron, such as
        wrapping where nothing can saturate, is left out.
    """
    definitions = program.definitions

    def edit(name: str, **changes: Any) -> Program:
        """Return the program with fields of one definition changed."""
        edited = tuple(replace(d, **changes) if d.name == name else d for d in definitions)
        return replace(program, definitions=edited)

    for d in definitions:
        if isinstance(d, Sum) and d.name.startswith("u_"):
            if d.shift:
                yield (
                    f"{d.name} is rounded down, not to nearest",
                    edit(d.name, constant=d.constant - (1 << d.shift - 1)),
                )
            if d.clip and _saturates(program, d):
                low, high = program.ranges[d.name]
                yield f"{d.name} wraps where it should saturate", edit(d.name, clip=False, low=low, high=high)
            if d.terms:
                (c, operands), *rest = d.terms
                wrong = (c ^ (1 << c.bit_length() // 2), operands)
                yield f"a bit of a coefficient of {d.name} is wrong", edit(d.name, terms=(wrong, *rest))
        if isinstance(d, Test) and d.terms:
            yield f"{d.name} is off by one LSB", edit(d.name, constant=d.constant + 1)
        if isinstance(d, Table):
            k = len(d.bases) // 2
            bases = tuple(b ^ (i == k) for i, b in enumerate(d.bases))
            yield f"one value of the table {d.name} is off by one", edit(d.name, bases=bases)
        if isinstance(d, Shift):
            yield f"{d.name} shifts one too few", edit(d.name, shift=d.shift - 1, high=2 * d.high + 1)
        if isinstance(d, Logic) and d.name == "spike" and program.refractory:
            yield "it fires at once when refractory ends", edit(d.name, operator="or")
    if program.refractory:
        yield "refractory is one step too long", replace(program, refractory=program.refractory - 1 or 2)
    for d in definitions:
        if isinstance(d, Select) and d.name.startswith("n_"):
            yield f"{d.name[2:]} is reset without a spike, and not by one", edit(d.name, yes=d.no, no=d.yes)


def _saturates(program: Program, d: Sum) -> bool:
    """Return whether a state's new value can lie beyond its limits: not if it decays fast enough.

    Args:
        program: The neuron.
        d: The change of a state. Its base, the state before, is counted as one more term, so that a decay is seen.
    """
    terms = [(c + (1 << d.shift if o == (d.base,) else 0), o) for c, o in d.terms]
    ends = []
    for pick in (min, max):
        total = d.constant
        for c, operands in terms:
            low = high = 1
            for o in operands:
                found = [x * y for x in (low, high) for y in program.ranges[o]]
                low, high = min(found), max(found)
            total += pick(c * low, c * high)
        ends.append(total >> d.shift)
    return ends[0] < d.low or ends[1] > d.high


def proof_tasks(files: Mapping[str, str], module: str) -> tuple[str, ...]:
    """Return the tasks that prove a neuron: `prove`, and `prove_products` where variables are multiplied.

    Args:
        files: The files of the neuron, name → text (`CompiledNeuron.files`).
        module: Name of its Verilog module.
    """
    return ("prove", "prove_products") if "\nprove_products " in files[f"{module}.sby"] else ("prove",)


def prove(files: Mapping[str, str], module: str, task: str = "prove", *, timeout: float = 3600) -> Proof:
    """Run one task of a neuron's proof, in a folder of its own.

    Args:
        files: The files of the neuron, name → text (`CompiledNeuron.files`).
        module: Name of its Verilog module.
        task: "prove", "prove_products", "cover" or "hunt", see `script_text`.
        timeout: Seconds after which the task is ended, with the status "TIMEOUT".

    Returns:
        The status, the claims that failed, and the log of SymbiYosys.

    Raises:
        ScError: The task is unknown, or SymbiYosys or its solver is not installed.
    """
    require(task in TASKS, f"task must be one of {', '.join(TASKS)}, got {task!r}")
    return run_task(files, f"{module}.sby", task, timeout=timeout)
