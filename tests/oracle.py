"""docs/arithmetic.md, word for word, in plain Python: an oracle that shares no code with the simulators.

It imports nothing of `sc_neurocore`, nor NumPy: integers, lists, and integers as sets of bits. Each function names the
rule that it is a reading of, and computes it as it stands there, from the bits of the streams, whatever they cost: no
table of products (A11), no shortcut for zeros (A10), no closed form where the rule has clocks. It reads artifacts by
itself. tests/test_oracle.py and tests/test_differential.py compare all back ends with it. The gates that no network has
(A15, A16) have their readings in tests/test_streams.py.

Keep it so: who changes a rule changes the page first, then this file from the page, without a look at the simulators.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

# A3: the terms of the polynomials between x^n and 1.
LFSR = {
    3: (2,), 4: (3,), 5: (3,), 6: (5,), 7: (6,), 8: (6, 5, 4), 9: (5,), 10: (7,), 11: (9,), 12: (11, 10, 4),
    13: (12, 11, 8), 14: (13, 12, 2), 15: (14,), 16: (15, 13, 4), 17: (14,), 18: (11,), 19: (18, 17, 14), 20: (17,),
    21: (19,), 22: (21,), 23: (18,), 24: (23, 22, 17),
}  # fmt: skip
# A3: degree s, inner coefficients a and first numbers m of each dimension of Joe and Kuo's table new-joe-kuo-6.21201.
SOBOL = {
    1: (1, 0, (1,)), 2: (2, 1, (1, 3)), 3: (3, 1, (1, 3, 1)), 4: (3, 2, (1, 1, 1)), 5: (4, 1, (1, 1, 3, 3)),
    6: (4, 4, (1, 3, 5, 13)), 7: (5, 2, (1, 1, 5, 5, 17)), 8: (5, 4, (1, 1, 5, 5, 5)), 9: (5, 7, (1, 1, 7, 11, 19)),
}  # fmt: skip


def bits_of(word: int) -> list[int]:
    """Return the places of the ones of `word`, low ones first."""
    return [k for k, digit in enumerate(reversed(bin(word)[2:])) if digit == "1"]


def directions(dimension: int, n: int) -> list[int]:
    """Return the direction numbers V[0 … n − 1] of n bits (A3): V[k] = m[k]·2^(n−1−k)."""
    if dimension == 0:
        m = [1] * n
    else:
        s, a, first = SOBOL[dimension]
        m = list(first)
        for k in range(s, n):
            new = m[k - s] ^ m[k - s] << s
            for i in range(1, s):
                if a >> s - 1 - i & 1:
                    new ^= m[k - i] << i
            m.append(new)
    return [m[k] << n - 1 - k for k in range(n)]


def numbers(name: str, n: int, count: int | None = None) -> list[int]:
    """Return r(0), r(1), … of a number source of n bits (A3), 2^n of them or `count`."""
    kind, _, argument = name.partition(":")
    clocks = range(1 << n if count is None else count)
    if kind == "counter":
        return list(clocks)
    if kind == "vdc":
        return [int(f"{t:0{n}b}"[::-1], 2) for t in clocks]
    if kind == "sobol":
        v, r = directions(int(argument), n), []
        for t in clocks:
            r.append(0)
            for k in bits_of(t):
                r[t] ^= v[k]
        return r
    if kind == "lfsr":
        state, taps, r = int(argument or 1), (n, *LFSR[n]), []
        for _ in clocks:
            r.append(state)
            state = 2 * state % (1 << n) + sum(state >> k - 1 & 1 for k in taps) % 2
        return r
    raise ValueError(f"A3 has no source {name!r}")


def stream(code: int, r: Sequence[int]) -> list[int]:
    """Return the stream of a code (A4)."""
    return [int(code > value) for value in r]


def count_neuron(s: int, theta: int, frac: int, length: int) -> int:
    """Return the count of `window_if` (A8)."""
    return min(max((2 * 2**frac * s + theta) // (2 * theta), 0), length)


def lif_neuron(p: dict[str, int], currents: Sequence[int]) -> list[int]:
    """Return the spikes of a `lif` neuron (A13), one for each current, from the state after reset."""
    v, wait, spikes = p["v_reset"] if p["reset_mode"] else 0, 0, []
    for current in currents:
        if wait:
            wait -= 1
            spikes.append(0)
            continue
        shift = p["leak_shift"]
        shifted = v - (v >> shift) if shift else v
        u = v * p["beta"] >> 8 if p["leak_mode"] else shifted
        u = min(max(u + current, -(2 ** (p["width"] - 1))), 2 ** (p["width"] - 1) - 1)
        spike = u >= p["theta"]
        v = (p["v_reset"] if p["reset_mode"] else u - p["theta"]) if spike else u
        wait = p["refractory"] if spike else 0
        spikes.append(int(spike))
    return spikes


def limited(x: int, width: int) -> int:
    """Return sat of A21: x limited to the signed integers of `width` bits."""
    return min(max(x, -(2 ** (width - 1))), 2 ** (width - 1) - 1)


def leaked(x: int, mode: int, shift: int, beta: int) -> int:
    """Return leak of A21: x − (x ≫ k), x itself where k = 0, or (x·β) ≫ 8."""
    if mode == 1:
        return x * beta >> 8
    return x if shift == 0 else x - (x >> shift)


class StepNeuron:
    """One neuron of a network in steps (A21): its kind, its parameters by name, and its states."""

    def __init__(self, kind: str, parameters: dict[str, int]) -> None:
        self.kind, self.p = kind, parameters
        self.v = parameters["v_reset"] if parameters.get("reset_mode") == 1 else 0
        self.i = self.a = self.rest = 0

    def step(self, current: int) -> tuple[int, int]:
        """Make one step with the exact current I(t), and return s(t) and u(t)."""
        p, width, mode = self.p, self.p["width"], self.p["leak_mode"]
        if self.kind == "synaptic":
            self.i = limited(leaked(self.i, mode, p["leak_shift_i"], p["beta_i"]) + current, width)
            current = self.i
        u = limited(leaked(self.v, mode, p["leak_shift"], p["beta"]) + current, width)
        if self.kind == "li":
            self.v = u
            return 0, u
        threshold = p["theta"] + (self.a if self.kind == "alif" else 0)
        if self.rest > 0:
            self.rest, spike, u = self.rest - 1, False, self.v
        else:
            spike = u >= threshold
            if spike:
                self.v = p["v_reset"] if p["reset_mode"] == 1 else u - p["theta"]
                self.rest = p["refractory"]
            else:
                self.v = u
        if self.kind == "alif":
            self.a = leaked(self.a, mode, p["leak_shift_a"], p["beta_a"])
            if spike:
                self.a = limited(self.a + p["b"], width)
        return int(spike), u


def step_neurons(layer: dict[str, Any]) -> list[StepNeuron]:
    """Return the neurons of a layer of a network in steps, in the state that a sample begins with; none of a "sum"."""
    if "lif" in layer:
        return [StepNeuron("lif", layer["lif"]) for _ in range(layer["neurons"])]
    if "neuron" not in layer:
        return []
    entry = layer["neuron"]
    parts = [{"neurons": layer["neurons"], "neuron": entry}] if entry["kind"] != "groups" else entry["parts"]
    return [StepNeuron(x["neuron"]["kind"], x["neuron"]) for x in parts for _ in range(x["neurons"])]


@dataclass(frozen=True)
class Oracle:
    """A network: the object of network.json, and for each layer the rows of its memory file as signed codes.

    In steps (A20) each edge has its rows too.
    """

    content: dict[str, Any]
    rows: tuple[list[list[int]], ...]
    edges: tuple[list[list[int]], ...] = ()

    @property
    def length(self) -> int:
        """L of A1."""
        return int(self.content["length"])

    def encode(self, sample: Sequence[Any]) -> list[int]:
        """Return the input codes (A2) of one sample of raw integers, flat, in the order of its axes."""
        spec, length = self.content["input"], self.length
        shape, full, pool = spec["shape"], spec["full_scale"], spec["pool"]
        v = [int(x) - spec.get("offset", 0) for x in sample]
        if spec.get("order") == "chw":
            c, h, w = shape
            v = [v[(k * h + i) * w + j] for i in range(h) for j in range(w) for k in range(c)]
        if pool > 1:
            h, w = shape
            block = [(a, b) for a in range(pool) for b in range(pool)]
            corners = [(i, j) for i in range(0, h, pool) for j in range(0, w, pool)]
            v = [sum(v[(i + a) * w + j + b] for a, b in block) for i, j in corners]
        if "threshold" in spec:
            v = [full if x >= spec["threshold"] else 0 for x in v]
        return [min(length, (x * length + full // 2) // full) for x in v]

    def quantise(self, values: Sequence[float]) -> list[int]:
        """Return raw integers of real values (A2): times 2^shift, to nearest, half to even, clipped to the range."""
        spec = self.content["input"]
        low, span = spec.get("offset", 0), spec["full_scale"] // spec["pool"] ** 2
        scaled = (round(Fraction(x) * Fraction(2) ** spec.get("shift", 0)) for x in values)
        return [min(max(x, low), low + span) for x in scaled]

    def run_steps(self, sample: Sequence[Any]) -> Answer:
        """Return the answer of a network in steps (A20) to one sample: T vectors of codes, or one, where constant.

        The streams of its answer are the spikes s(t), those of the last layer too where it has neurons that spike.
        """
        steps, frac, layers = self.content["steps"], self.content["theta_frac"], self.content["layers"]
        everyone = [step_neurons(layer) for layer in layers]
        spikes: list[list[list[int]]] = []  # of each step, layer and neuron
        scores = [0] * layers[-1]["neurons"]
        for t in range(steps["count"]):
            x = list(sample if steps["constant"] else sample[t])
            spikes.append([])
            for k, neurons in enumerate(everyone):
                sums = self.window_sums(self.rows[k], [*x, self.length])  # A7: the bias is the last synapse, its X is L
                for edge, rows in zip(steps["edges"], self.edges, strict=True):
                    if edge["target"] == k and t >= edge["delay"]:
                        came = spikes[t - edge["delay"]][edge["source"]]
                        more = self.window_sums(rows, [self.length * s for s in came])
                        sums = [a + b for a, b in zip(sums, more, strict=True)]
                done = [neuron.step(2**frac * s) for neuron, s in zip(neurons, sums, strict=False)]
                spikes[t].append([spike for spike, _ in done])
                x = [self.length * spike for spike, _ in done]
            found = {
                "sum": sums,
                "spikes": spikes[t][-1],
                "potentials": [u for _, u in done],
                "potential": [u for _, u in done],
            }[steps["readout"]]
            before = [0] * len(scores) if steps["readout"] == "potential" else scores
            scores = [a + b for a, b in zip(before, found, strict=True)]
        shown = everyone if everyone[-1] and everyone[-1][0].kind != "li" else everyone[:-1]
        streams = [[[step[k][j] for step in spikes] for j in range(len(shown[k]))] for k in range(len(shown))]
        return Answer(scores, scores.index(max(scores)), streams)

    def window_sums(self, rows: list[list[int]], codes: list[int]) -> list[int]:
        """Return S of one window (A4, A5, A6) of each row of signed codes, for inputs of these codes."""
        r = numbers("counter", self.length.bit_length() - 1)
        x = transposed([stream(code, r) for code in codes], self.length)
        planes = [self.signed(row) for row in rows]
        return [sum(ones(b & plus[t]) - ones(b & minus[t]) for t, b in enumerate(x)) for plus, minus in planes]

    def run(self, codes: Sequence[Any]) -> Answer:
        """Return the answer to one sample's input codes."""
        if "steps" in self.content:
            return self.run_steps(codes)
        length, out = self.length, []
        r = numbers("counter", length.bit_length() - 1)
        # The values of a layer as one integer a clock, bit i of which is the stream bit of value i.
        x = transposed([stream(int(code), r) for code in codes], length)
        for k, layer in enumerate(self.content["layers"]):
            if layer["type"] == "pool":
                values = pooled(layer, x, length)
            else:
                sums = self.sums(k, x)
                if layer is self.content["layers"][-1]:
                    scores = [sum(s) for s in sums]
                    return Answer(scores, scores.index(max(scores)), out)
                values = self.neurons(layer, sums)
            out.append(values)
            x = transposed(values, length)
        raise ValueError("A9: the last layer has synapses")

    @cached_property
    def planes(self) -> list[list[tuple[list[int], list[int]]]]:
        """Return `signed` of each neuron of each layer."""
        return [[self.signed(row) for row in rows] for rows in self.rows]

    @cached_property
    def weight_bits(self) -> dict[int, list[int]]:
        """Return the stream of each magnitude that a weight has (A4)."""
        r = numbers(self.content["sources"]["weight"], self.length.bit_length() - 1)
        # A weight of 0 has no ones, on either side.
        magnitudes = {0} | {abs(w) for rows in self.rows + self.edges for row in rows for w in row}
        return {magnitude: stream(magnitude, r) for magnitude in magnitudes}

    def signed(self, row: list[int]) -> tuple[list[int], list[int]]:
        """Return the weight bits of a row that count +1 and −1 (A4, A5), one integer a clock."""
        plus = [self.weight_bits[max(w, 0)] for w in row]
        minus = [self.weight_bits[max(-w, 0)] for w in row]
        return transposed(plus, self.length), transposed(minus, self.length)

    def sums(self, k: int, x: list[int]) -> list[list[int]]:
        """Return for each value of layer k what its adder gives in each clock (A5, A6, A7, A17, A19)."""
        layer, length, synapses = self.content["layers"][k], self.length, len(self.rows[k][0])
        fields = [range(layer["inputs"])] if layer["type"] == "dense" else positions(layer)
        # A17: with a MUX one slot counts in a clock, and counts for all of them.
        shown, factor = [(1 << synapses) - 1] * length, 1
        if layer.get("adder", "apc") == "mux":
            bits = (synapses - 1).bit_length()
            m = max(length.bit_length() - 1, bits)
            shown = [1 << (point >> m - bits) for point in numbers("sobol:1", m, length)]
            factor = 1 << bits
        sums = []
        for field in fields:
            # The inputs of this position, synapse by synapse, in each clock; the bias, the last one, is always 1.
            seen = [(gathered(word, field) | 1 << synapses - 1) & shown[t] for t, word in enumerate(x)]
            for plus, minus in self.planes[k]:
                sums.append([factor * (ones(b & plus[t]) - ones(b & minus[t])) for t, b in enumerate(seen)])
        return sums

    def neurons(self, layer: dict[str, Any], sums: list[list[int]]) -> list[list[int]]:
        """Return the streams that a layer's neurons give (A8, A13, A17)."""
        frac, length = self.content["theta_frac"], self.length
        if "lif" in layer:
            return [lif_neuron(layer["lif"], [s << frac for s in clocks]) for clocks in sums]
        r = numbers("counter", length.bit_length() - 1)
        return [stream(count_neuron(sum(clocks), layer["theta"], frac, length), r) for clocks in sums]


@dataclass(frozen=True)
class Answer:
    """Scores, class (A9), and the stream of every value of every layer but the readout."""

    scores: list[int]
    index: int
    streams: list[list[list[int]]]

    @property
    def counts(self) -> list[list[int]]:
        """The ones of each stream (A14)."""
        return [[sum(bits) for bits in layer] for layer in self.streams]


def ones(word: int) -> int:
    """Return the number of ones of `word`."""
    return word.bit_count()


def transposed(streams: Sequence[Sequence[int]], length: int) -> list[int]:
    """Return one integer a clock, whose bit i is that of stream i."""
    return [int("".join("01"[s[t]] for s in reversed(streams)), 2) for t in range(length)]


def gathered(word: int, field: Sequence[int | None]) -> int:
    """Return the bits of `word` at the places of `field`, 0 where it is None."""
    if isinstance(field, range):
        return word
    return sum((word >> i & 1) << k for k, i in enumerate(field) if i is not None)


def positions(layer: dict[str, Any]) -> list[list[int | None]]:
    """Return for each output position the inputs of its synapses, None for the padding, in the order of A2 (A19)."""
    height, width, channels = layer["input"]
    (kh, kw), stride, padding = layer["kernel"], layer["stride"], layer["padding"]

    def index(row: int, column: int, channel: int) -> int | None:
        inside = 0 <= row < height and 0 <= column < width
        return (row * width + column) * channels + channel if inside else None

    return [
        [
            index(i * stride + a - padding, j * stride + b - padding, c)
            for a in range(kh)
            for b in range(kw)
            for c in range(channels)
        ]
        for i in range((height + 2 * padding - kh) // stride + 1)
        for j in range((width + 2 * padding - kw) // stride + 1)
    ]


def pooled(layer: dict[str, Any], x: list[int], length: int) -> list[list[int]]:
    """Return the streams of a pooling layer (A19)."""
    size, channels = layer["size"], layer["input"][2]
    r, values = numbers("counter", length.bit_length() - 1), []
    for field in positions(layer | {"kernel": [size, size], "padding": 0}):
        for c in range(channels):
            window = [i for i in field[c::channels] if i is not None]
            bits = [[word >> i & 1 for i in window] for word in x]
            if layer["kind"] == "max":
                values.append([int(any(clock)) for clock in bits])
            else:
                s = sum(map(sum, bits))
                values.append(stream((2 * s + size**2) // (2 * size**2), r))
    return values


def read(folder: Path) -> Oracle:
    """Return the network of an artifact ("Files of a network")."""
    content = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    body = json.dumps({key: value for key, value in content.items() if key != "sha256"}, sort_keys=True)
    if hashlib.sha256(body.encode()).hexdigest() != content["sha256"]:
        raise ValueError("network.json was altered")
    rows = []
    for layer in content["layers"]:
        if layer["type"] == "pool":
            rows.append([])
        elif layer["type"] == "dense":
            rows.append(memory(folder, layer, layer["neurons"], layer["inputs"] + 1, content["length"]))
        else:
            synapses = prod(layer["kernel"]) * layer["input"][2] + 1
            rows.append(memory(folder, layer, layer["channels"], synapses, content["length"]))
    sizes = [layer.get("neurons", 0) for layer in content["layers"]]
    edges = [
        memory(folder, edge, sizes[edge["target"]], sizes[edge["source"]], content["length"])
        for edge in content.get("steps", {"edges": []})["edges"]
    ]
    return Oracle(content, tuple(rows), tuple(edges))


def memory(folder: Path, entry: dict[str, Any], lines: int, columns: int, length: int) -> list[list[int]]:
    """Return the rows of the memory file (A2) of a layer or an edge, as signed codes."""
    data = (folder / entry["file"]).read_bytes()
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise ValueError(f"{entry['file']} is not the file that network.json names")
    words = data.decode("ascii").split()
    digits = len(f"{2 * length - 1:x}")
    if any(len(word) != digits for word in words):
        raise ValueError(f"{entry['file']}: a word must have {digits} digits")
    codes = [w % length * (1 if w < length else -1) for w in (int(x, 16) for x in words)]
    if len(codes) != lines * columns:
        raise ValueError(f"{entry['file']} must have {lines * columns} words, got {len(codes)}")
    return [codes[k : k + columns] for k in range(0, len(codes), columns)]
