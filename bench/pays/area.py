"""Area of stochastic and of binary multiply-add: the designs as Verilog, synthesised and compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore import figures
from sc_neurocore.compiler.program import signed_digits
from sc_neurocore.hardware.synthesis import synthesise
from sc_neurocore.streams import pack_codes

from .common import Row, figure, markdown, save

__all__ = [
    "Design",
    "draw",
    "encoder",
    "measure",
    "selector",
    "table",
    "verilog",
]


@dataclass(frozen=True, slots=True)
class Design:
    """A layer of sums of products, as one of the designs that are compared.

    Attributes:
        kind: "stochastic", "binary" (all products in one clock) or "folded" (a few multipliers, one after another).
        weights: "ports" or "constants": where the weights come from.
        inputs: Number of products of a sum.
        neurons: Number of sums.
        n: Bits of a code; L = 2ⁿ.
    """

    kind: str
    weights: str
    inputs: int
    neurons: int
    n: int

    @property
    def length(self) -> int:
        """L, the number of bits of a stream."""
        return 1 << self.n

    @property
    def clocks(self) -> int:
        """Clocks from one result to the next."""
        return {"stochastic": self.length, "binary": 1, "folded": -(-self.inputs // self.multipliers)}[self.kind]

    @property
    def multipliers(self) -> int:
        """Multipliers of a neuron of the folded kind: as many as give a result in at most L clocks."""
        return -(-self.inputs // self.length)

    @property
    def sum_bits(self) -> int:
        """Width of a sum: holds every S of A6, or every sum of products."""
        n = self.n if self.kind == "stochastic" else 2 * self.n
        return n + (self.inputs + 1).bit_length() + 1

    @property
    def codes(self) -> NDArray[np.int64]:
        """Constants: normal, standard deviation 0.3 L (trained: 0.29 … 0.52), rounded, clipped; a lone one: 11/16."""
        if self.inputs == self.neurons == 1:
            return np.array([[self.length * 11 // 16 | 1]])
        rng = np.random.default_rng([self.n, self.inputs, self.neurons])
        drawn = np.rint(rng.normal(0, 0.3 * self.length, (self.neurons, self.inputs))).astype(np.int64)
        return np.clip(drawn, 1 - self.length, self.length - 1)

    @property
    def top(self) -> str:
        """Name of the module."""
        return f"{self.kind}_{self.weights}_{self.inputs}x{self.neurons}_{self.n}"


def verilog(design: Design) -> str:
    """Return the design as one module of Verilog; the stochastic ones instantiate modules of rtl/."""
    d = design
    if d.kind == "stochastic":
        return _stochastic_ports(d) if d.weights == "ports" else _stochastic_constants(d)
    return _binary(d) if d.kind == "binary" else _folded(d)


def _stochastic_constants(d: Design) -> str:
    """Return the streaming layer with its weights in a parameter; the bias is 0, so synthesis removes it."""
    words = pack_codes(np.concatenate([d.codes, np.zeros((d.neurons, 1), np.int64)], axis=1), d.length).ravel()
    value = sum(int(w) << (d.n + 1) * k for k, w in enumerate(words))
    bits = len(words) * (d.n + 1)
    return f"""module {d.top} (
    input wire clk, input wire rst, input wire i_start, input wire [{d.inputs - 1}:0] i_x,
    output wire o_start, output wire [{d.neurons * d.sum_bits - 1}:0] o_s
);
    wire [{d.neurons - 1}:0] unused;
    sc_stream_dense #(
        .INPUTS({d.inputs}), .NEURONS({d.neurons}), .LOG2L({d.n}), .NEURON(0), .PIPE(0), .WEIGHTS({bits}'h{value:x})
    ) u_layer (
        .clk(clk), .rst(rst), .i_start(i_start), .i_x(i_x), .o_start(o_start), .o_s(o_s), .o_x(unused)
    );
endmodule
"""


def _stochastic_ports(d: Design) -> str:
    """The same with weights from ports: a comparator a synapse; where S starts, −L times the negative weights, too."""
    w, s, count = d.n + 1, d.sum_bits, (d.inputs).bit_length()
    return f"""module {d.top} (
    input wire clk, input wire rst, input wire i_start, input wire [{d.inputs - 1}:0] i_x,
    input wire [{d.neurons * d.inputs * w - 1}:0] i_w, input wire [{d.neurons * s - 1}:0] i_begin,
    output wire o_start, output wire [{d.neurons * s - 1}:0] o_s
);
    reg active;
    wire [{d.n - 1}:0] r;
    assign o_start = active && (&r);
    sc_vdc_source #(.LOG2L({d.n})) u_r (.clk(clk), .rst(rst), .i_restart(i_start), .i_en(active), .o_r(r));
    always @(posedge clk)
        if (rst)          active <= 1'b0;
        else if (i_start) active <= 1'b1;
        else if (o_start) active <= 1'b0;
    genvar j, i;
    generate
        for (j = 0; j < {d.neurons}; j = j + 1) begin : g_neuron
            wire [{d.inputs - 1}:0] bits;
            for (i = 0; i < {d.inputs}; i = i + 1) begin : g_synapse
                wire [{w - 1}:0] w = i_w[(j*{d.inputs}+i)*{w} +: {w}];
                wire level;
                sc_sng #(.LOG2L({d.n})) u_sng (.i_x({{1'b0, w[{d.n - 1}:0]}}), .i_r(r), .o_bit(level));
                assign bits[i] = (i_x[i] && level) ^ w[{d.n}];
            end
            wire [{count - 1}:0] count;
            sc_apc #(.N({d.inputs})) u_apc (.i_bits(bits), .o_count(count));
            reg  [{s - 1}:0] acc;
            wire [{s - 1}:0] sum = acc + {{{{{s - count}{{1'b0}}}}, count}};
            always @(posedge clk)
                if (rst || i_start) acc <= i_begin[j*{s} +: {s}];
                else if (active)    acc <= sum;
            assign o_s[j*{s} +: {s}] = sum;
        end
    endgenerate
endmodule
"""


class _Adders:
    """Writes trees of two-operand adders: (name, width) are their operands.

    Each stays an adder of its own on the carry chain. As one expression, synthesis would merge them into a compressor
    tree of LUTs, which is up to 2.8 times as large.
    """

    def __init__(self) -> None:
        self.text: list[str] = []
        self._names = 0

    def add(self, a: tuple[str, int], b: tuple[str, int], operator: str = "+") -> tuple[str, int]:
        width = max(a[1], b[1]) + 1
        name = f"a{self._names}"
        self._names += 1
        self.text.append(f"    (* keep *) wire [{width - 1}:0] {name} = {a[0]} {operator} {b[0]};\n")
        return name, width

    def tree(self, operands: list[tuple[str, int]]) -> tuple[str, int]:
        """Return the sum; the narrowest operands are added first."""
        while len(operands) > 1:
            operands = sorted(operands, key=lambda o: o[1])
            operands = [*operands[2:], self.add(*operands[:2])]
        return operands[0]

    def shifted(self, columns: dict[int, list[tuple[str, int]]]) -> tuple[str, int]:
        """Return the sum of the operands, shifted left by their key."""
        sums = {shift: self.tree(operands) for shift, operands in sorted(columns.items()) if operands}
        total = ("1'b0", 1)
        for k, (shift, (name, width)) in enumerate(sums.items()):
            part = (f"{{{name}, {shift}'d0}}" if shift else name, width + shift)
            total = self.add(total, part) if k else part
        return total

    def difference(self, up: tuple[str, int], down: tuple[str, int], width: int, name: str) -> None:
        self.text.append(f"    wire [{width - 1}:0] {name} = {up[0]} - {down[0]};\n")


def _products(adders: _Adders, xs: list[str], ws: list[str], n: int) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return Σ x·w as (what is added, what is taken off); x unsigned n bits, w two's complement n + 1 bits."""
    columns = {b: [(f"({{{n}{{{w}[{b}]}}}} & {x})", n) for x, w in zip(xs, ws, strict=True)] for b in range(n)}
    down = {n: [(f"({{{n}{{{w}[{n}]}}}} & {x})", n) for x, w in zip(xs, ws, strict=True)]}
    return adders.shifted(columns), adders.shifted(down)


def _binary(d: Design) -> str:
    """All products of a clock: of weights from ports by AND and add, of constants by their signed digits."""
    n, w, s = d.n, d.n + 1, d.sum_bits
    adders = _Adders()
    ports = f" input wire [{d.neurons * d.inputs * w - 1}:0] i_w," if d.weights == "ports" else ""
    wires = [f"    wire [{n - 1}:0] x{i} = i_x[{i * n} +: {n}];\n" for i in range(d.inputs)]
    for j in range(d.neurons):
        if d.weights == "ports":
            ws = [f"w{j}_{i}" for i in range(d.inputs)]
            wires += [f"    wire [{n}:0] {name} = i_w[{(j * d.inputs + i) * w} +: {w}];\n" for i, name in enumerate(ws)]
            up, down = _products(adders, [f"x{i}" for i in range(d.inputs)], ws, n)
        else:
            columns: dict[int, dict[int, list[tuple[str, int]]]] = {1: {}, -1: {}}
            for i, c in enumerate(d.codes[j].tolist()):
                for shift, digit in signed_digits(c):
                    columns[digit].setdefault(shift, []).append((f"x{i}", n))
            up, down = adders.shifted(columns[1]), adders.shifted(columns[-1])
        adders.difference(up, down, s, f"s{j}")
    outs = ", ".join(f"s{j}" for j in reversed(range(d.neurons)))
    return (
        f"module {d.top} (\n    input wire [{d.inputs * n - 1}:0] i_x,{ports}\n"
        f"    output wire [{d.neurons * s - 1}:0] o_s\n);\n{''.join(wires + adders.text)}"
        f"    assign o_s = {{{outs}}};\nendmodule\n"
    )


def _folded(d: Design) -> str:
    """Constant weights; a neuron has K multipliers that take K inputs a clock, input t·K + m in multiplier m at t."""
    n, w, s, k, clocks = d.n, d.n + 1, d.sum_bits, d.multipliers, d.clocks
    t_bits = max(1, (clocks - 1).bit_length())
    padded = np.zeros((d.neurons, clocks * k), np.int64)
    padded[:, : d.inputs] = d.codes
    adders = _Adders()
    rom, registers = [], []
    for m in range(k):
        rom.append(f"    wire [{n - 1}:0] x{m} = i_x[{m * n} +: {n}];\n")
    for j in range(d.neurons):
        for m in range(k):
            rom.append(f"    reg [{w - 1}:0] w{j}_{m};\n    always @* case (t)\n")
            for t in range(clocks):
                rom.append(f"        {t_bits}'d{t}: w{j}_{m} = {w}'d{int(padded[j, t * k + m]) % (1 << w)};\n")
            rom.append(f"        default: w{j}_{m} = {w}'dx;\n    endcase\n")
        up, down = _products(adders, [f"x{m}" for m in range(k)], [f"w{j}_{m}" for m in range(k)], n)
        adders.difference(up, down, s, f"d{j}")
        registers.append(
            f"    reg [{s - 1}:0] acc{j};\n    wire [{s - 1}:0] s{j} = acc{j} + d{j};\n"
            f"    always @(posedge clk) acc{j} <= i_start ? {s}'d0 : s{j};\n"
        )
    outs = ", ".join(f"s{j}" for j in reversed(range(d.neurons)))
    return (
        f"module {d.top} (\n    input wire clk, input wire i_start, input wire [{k * n - 1}:0] i_x,\n"
        f"    output wire o_last, output wire [{d.neurons * s - 1}:0] o_s\n);\n"
        f"    reg [{t_bits - 1}:0] t;\n    always @(posedge clk) t <= i_start ? {t_bits}'d0 : t + {t_bits}'d1;\n"
        f"    assign o_last = t == {t_bits}'d{clocks - 1};\n"
        f"{''.join(rom + adders.text + registers)}    assign o_s = {{{outs}}};\nendmodule\n"
    )


def selector(inputs: int, n: int) -> str:
    """The input stage of the folded layer: K of the codes at each t; it serves all neurons of the layer."""
    d = Design("folded", "constants", inputs, 1, n)
    k, clocks = d.multipliers, d.clocks
    t_bits = max(1, (clocks - 1).bit_length())
    out = [
        f"module selector_{inputs}_{n} (\n    input wire [{t_bits - 1}:0] t, input wire [{inputs * n - 1}:0] i_codes,\n"
        f"    output reg [{k * n - 1}:0] o_x\n);\n    always @* case (t)\n"
    ]
    for t in range(clocks):
        chosen = [t * k + m for m in reversed(range(k))]
        parts = [f"i_codes[{i * n} +: {n}]" if i < inputs else f"{n}'dx" for i in chosen]
        out.append(f"        {t_bits}'d{t}: o_x = {{{', '.join(parts)}}};\n")
    out.append(f"        default: o_x = {k * n}'dx;\n    endcase\nendmodule\n")
    return "".join(out)


def encoder(inputs: int, n: int) -> str:
    """The input stage that turns codes into streams; it serves all neurons of the layer."""
    w = inputs * (n + 1)
    return (
        f"module encoder_{inputs}_{n} (\n    input wire clk, input wire rst, input wire i_start,\n"
        f"    input wire [{w - 1}:0] i_codes, output wire [{inputs - 1}:0] o_x\n);\n"
        f"    sc_stream_encode #(.INPUTS({inputs}), .LOG2L({n})) u_encode (\n"
        "        .clk(clk), .rst(rst), .i_start(i_start), .i_codes(i_codes), .o_x(o_x)\n    );\nendmodule\n"
    )


# What is synthesised: family → [(n, inputs, neurons, with weights from ports)]. Weights from ports share nothing
# between neurons, on either side, so a layer of them is as many neurons.
SIZES = {
    "iCE40": [
        *((4, *s) for s in ((1, 1, True), (4, 1, True), (16, 1, True), (64, 1, True), (16, 8, False), (64, 10, False))),
        *((n, *s) for n in (3, 5) for s in ((1, 1, True), (16, 1, True), (64, 10, False))),
    ],
    "ECP5": [(4, 16, 1, True), (4, 64, 1, False), (4, 64, 10, False)],
    "Xilinx 7": [(4, 16, 1, True), (4, 64, 1, False), (4, 64, 10, False)],
}
QUICK = {"iCE40": [(4, 1, 1, True), (4, 4, 1, True), (3, 1, 1, True)]}


def measure(quick: bool) -> list[Row]:
    """Return a row for each design: LUTs and flip-flops, those of its input stage, and clocks from result to result."""
    rows = []
    for family, sizes in (QUICK if quick else SIZES).items():
        designs = []
        for n, inputs, neurons, ports in sizes:
            kinds = [("stochastic", "constants"), ("folded", "constants"), ("binary", "constants")]
            kinds += [("stochastic", "ports"), ("binary", "ports")] if ports else []
            designs += [Design(kind, weights, inputs, neurons, n) for kind, weights in kinds]
        texts = {d.top: verilog(d) for d in designs}
        for n, inputs in sorted({(d.n, d.inputs) for d in designs}):
            texts[f"encoder_{inputs}_{n}"] = encoder(inputs, n)
            texts[f"selector_{inputs}_{n}"] = selector(inputs, n)
        found = synthesise(texts, family)
        for d in designs:
            stage = {"stochastic": f"encoder_{d.inputs}_{d.n}", "folded": f"selector_{d.inputs}_{d.n}"}.get(d.kind)
            values = {
                "family": family, "n": d.n, "inputs": d.inputs, "neurons": d.neurons, "weights": d.weights,
                "datapath": d.kind, "clocks": d.clocks, "luts": found[d.top][0], "ffs": found[d.top][1],
                "input_luts": found[stage][0] if stage else 0, "input_ffs": found[stage][1] if stage else 0,
            }  # fmt: skip
            rows.append({k: str(v) for k, v in values.items()})
    return rows


def _find(rows: list[Row], **wanted: object) -> Row:
    return next(r for r in rows if all(r[k] == str(v) for k, v in wanted.items()))


def draw(rows: list[Row], path: object) -> None:
    """Draw LUTs a synapse, and LUTs · clocks a synapse, against the size, on iCE40."""
    fig, axes = figure(2)
    styles = {
        "stochastic": ("SC", figures.BLUE, "o"),
        "folded": ("binary, folded", figures.ORANGE, "s"),
        "binary": ("binary, 1 clock", figures.RED, "^"),
    }
    for weights in ("constants", "ports"):
        for kind, (label, colour, marker) in styles.items():
            chosen = [
                r for r in rows if (r["family"], r["n"], r["weights"], r["datapath"]) == ("iCE40", "4", weights, kind)
            ]
            if not chosen:
                continue
            synapses = [int(r["inputs"]) * int(r["neurons"]) for r in chosen]
            luts = [int(r["luts"]) for r in chosen]
            work = [a * int(r["clocks"]) for a, r in zip(luts, chosen, strict=True)]
            constants = weights == "constants"
            look = {"color": colour, "markerfacecolor": colour if constants else "w"}
            for ax, values in zip(axes, (luts, work), strict=True):
                y = [v / s for v, s in zip(values, synapses, strict=True)]
                ax.loglog(synapses, y, ("-" if constants else ":") + marker, label=f"{label}, {weights}", **look)
    for ax in axes:
        figures.plain_ticks(ax.xaxis)
        figures.plain_ticks(ax.yaxis)
    axes[0].set(xlabel="synapses (1×1 … 64×10)", ylabel="LUTs a synapse", title="area, iCE40, n = 4 (L = 16)")
    axes[1].set(xlabel="synapses (1×1 … 64×10)", ylabel="LUTs · clocks a synapse", title="area · clocks a result")
    axes[0].set_ylim(2, 130)
    figures.legend_below(fig, axes, 3)
    save(fig, path)  # type: ignore[arg-type]


def table(rows: list[Row]) -> str:
    """Return LUTs of the three datapaths side by side, and the two ratios."""
    body = []
    keys = dict.fromkeys((r["weights"], r["family"], r["n"], r["inputs"], r["neurons"]) for r in rows)
    for weights, family, n, inputs, neurons in sorted(
        keys, key=lambda k: (k[0], k[1] != "iCE40", k[1], *map(int, k[2:]))
    ):
        wanted = {"family": family, "n": n, "inputs": inputs, "neurons": neurons, "weights": weights}
        sc, binary = (_find(rows, **wanted, datapath=d) for d in ("stochastic", "binary"))
        area, clocks = int(sc["luts"]), int(sc["clocks"])
        cells = [weights, family, n, f"{inputs}×{neurons}", f"{sc['luts']} (+ {sc['input_luts']})"]
        folded = _find(rows, **wanted, datapath="folded") if weights == "constants" else None
        cells.append(f"{folded['luts']} (+ {folded['input_luts']}), {folded['clocks']}" if folded else "")
        other = int(binary["luts"])
        cells += [str(other), f"{other / area:.1f}", f"{other / (area * clocks):.2f}"]
        body.append(cells)
    titles = ["weights", "family", "n", "layer", "SC, L clocks", "binary folded, clocks", "binary, 1 clock"]
    return markdown([*titles, "area: binary / SC", "area · clocks: binary / SC"], body)
