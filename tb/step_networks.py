"""Random networks in steps with their image for sc_spike_engine, and the plain integer model that it is compared with.

The model is A20 and A21 of docs/arithmetic.md in exact integers, written from that page alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Answer", "Config", "Edge", "Layer", "Neuron", "StepNetwork", "clocks", "random_step_network", "run_steps"]

READOUTS = ("sum", "spikes", "potentials", "potential")
NEVER = 0x8000


@dataclass(frozen=True)
class Config:
    """Parameters of the engine, which the networks for it must fit; names as in Verilog."""

    log2l: int
    lanes: int
    frac: int
    log2_entries: int
    table_aw: int
    neuron: int
    width: int
    leak_mode: int
    reset_mode: int
    refractory: int
    state_aw: int
    history_aw: int
    delay_aw: int
    constant: int
    bits: int

    @property
    def words(self) -> int:
        """Parameter words of a neuron."""
        return 2 + self.neuron + self.reset_mode


@dataclass(frozen=True)
class Neuron:
    """Parameters of one neuron. theta None: it never spikes. leak_2: of i (synaptic) or a (alif); b: of alif."""

    leak: int
    theta: int | None
    refractory: int = 0
    v_reset: int = 0
    leak_2: int = 0
    b: int = 0


@dataclass(frozen=True)
class Layer:
    """Signed weights, a row a neuron with the bias last; a neuron for each row, or one that all share."""

    weights: list[list[int]]
    neurons: list[Neuron]


@dataclass(frozen=True)
class Edge:
    source: int
    target: int
    delay: int
    weights: list[list[int]]


@dataclass(frozen=True)
class StepNetwork:
    config: Config
    inputs: int
    steps: int
    constant: bool
    readout: str
    layers: list[Layer]
    edges: list[Edge]

    def into(self, target: int) -> list[Edge]:
        return [edge for edge in self.edges if edge.target == target]

    def rows(self, layer: int) -> list[list[int]]:
        """Return the weights in the order of the layer's list: inputs, edges, bias."""
        out = []
        for n, row in enumerate(self.layers[layer].weights):
            out.append([*row[:-1], *(w for edge in self.into(layer) for w in edge.weights[n]), row[-1]])
        return out

    def places(self) -> dict[int, int]:
        """Return where in a row of the history the spikes of each source of an edge begin."""
        out, place = {}, 0
        for layer in sorted({edge.source for edge in self.edges}):
            out[layer], place = place, place + len(self.layers[layer].weights)
        return out

    def table(self) -> list[int]:
        """Return the words of the layer table."""
        c = self.config
        out = [0x1234, 0xABCD, self.inputs]
        constant = self.inputs % 2 == 0 if c.bits else self.constant  # which an engine with BITS does not read
        out += [self.steps - 1 | READOUTS.index(self.readout) << 13 | int(constant) << 15]
        places = self.places()
        for k, layer in enumerate(self.layers):
            listed = len(layer.weights[0]) - 1
            for edge in self.into(k):
                listed += len(edge.weights[0])
                out += [0x8000 | edge.delay, places[edge.source], listed]
            neurons, shared = len(layer.weights), len(layer.neurons) == 1 and len(layer.weights) > 1
            out += [(k in places) << 14 | (k == len(self.layers) - 1) << 13 | shared << 12 | (neurons - 1) % c.lanes]
            out += [-(-neurons // c.lanes) - 1, *([places[k]] if k in places else [])]
            for n in layer.neurons:
                out += [n.leak_2] * (c.neuron > 0) + [n.b] * (c.neuron > 1)
                out += [n.v_reset & 0xFFFF] * c.reset_mode
                out += [n.leak | n.refractory << 8, NEVER if n.theta is None else n.theta]
        return out

    def weight_words(self) -> list[int]:
        """Return the words of the weight memory."""
        c, out = self.config, []
        for k in range(len(self.layers)):
            rows = self.rows(k)
            for first in range(0, len(rows), c.lanes):
                group = rows[first : first + c.lanes]
                for column in zip(*group, strict=True):
                    word = 0
                    for lane, w in enumerate(column):
                        word |= (abs(w) | (w < 0) << c.log2l) << lane * (c.log2l + 1)
                    out.append(word)
        return out


@dataclass
class Answer:
    scores: list[int]
    best: int = 0
    spikes: list[tuple[int, int, int]] = field(default_factory=list)  # step, layer, neuron of each spike, in order
    entries: list[list[int]] = field(default_factory=list)  # of the list of each layer, for each step


def count(x: int, w: int, log2l: int) -> int:
    """F[X, W] of A11."""
    return sum(w > int(f"{t:0{log2l}b}"[::-1], 2) for t in range(x))


def product(t: int, x: int, w: int, c: Config) -> int:
    """Product of a code and a magnitude in step t: of their windows, or with BITS of their bits of clock t (A3, A4)."""
    if not c.bits:
        return count(x, w, c.log2l)
    return int(x > t and w > int(f"{t:0{c.log2l}b}"[::-1], 2))


def leak(x: int, word: int, mode: int) -> int:
    if mode == 1:
        return x * word >> 8
    return x - (x >> word) if word else x


def step(c: Config, n: Neuron, state: list[int], current: int) -> tuple[bool, int]:
    """Take one step of A13 or A21; state: v, rest, i or a. Return spike and potential."""
    top = (1 << c.width - 1) - 1

    def sat(x: int) -> int:
        return max(-top - 1, min(top, x))

    barrier = 0
    if c.neuron == 1:
        current = state[2] = sat(leak(state[2], n.leak_2, c.leak_mode) + current)
    if c.neuron == 2:
        barrier = state[2]
        state[2] = leak(state[2], n.leak_2, c.leak_mode)
    if state[1]:
        state[1] -= 1
        return False, state[0]
    u = sat(leak(state[0], n.leak, c.leak_mode) + current)
    spike = False
    state[0] = u
    if n.theta is not None and u >= n.theta + barrier:
        spike = True
        state[0] = n.v_reset if c.reset_mode else u - n.theta
        state[1] = n.refractory
        if c.neuron == 2:
            state[2] = sat(state[2] + n.b)
    return spike, u


def run_steps(network: StepNetwork, codes: Sequence[int]) -> Answer:
    """Run one sample; codes: `inputs` of them for each step, or once with a constant input."""
    c, length = network.config, 1 << network.config.log2l
    last = len(network.layers) - 1
    states = [[[n.v_reset * c.reset_mode, 0, 0] for n in spread(layer)] for layer in network.layers]
    fired: list[list[list[bool]]] = []  # step, layer, neuron
    answer = Answer([0] * len(network.layers[-1].weights))
    for t in range(network.steps):
        at = 0 if network.constant else t * network.inputs
        x = [min(code, length) for code in codes[at : at + network.inputs]]
        fired.append([[False] * len(layer.weights) for layer in network.layers])
        answer.entries.append([])
        for k, layer in enumerate(network.layers):
            late = [
                length * (t >= edge.delay and fired[t - edge.delay][edge.source][j])
                for edge in network.into(k)
                for j in range(len(edge.weights[0]))
            ]
            again = k == 0 and network.constant and t > 0 and not c.bits
            answer.entries[-1].append((0 if again else sum(v != 0 for v in x)) + sum(v != 0 for v in late) + 1)
            for n, (row, neuron) in enumerate(zip(network.rows(k), spread(layer), strict=True)):
                values = [*x, *late, length]
                s = sum((-1 if w < 0 else 1) * product(t, v, abs(w), c) for v, w in zip(values, row, strict=True) if w)
                spike, u = step(c, neuron, states[k][n], s << c.frac)
                fired[t][k][n] = spike
                if spike:
                    answer.spikes.append((t, k, n))
                if k == last:
                    part = {"sum": s, "spikes": int(spike)}.get(network.readout, u)
                    answer.scores[n] = part + (0 if network.readout == "potential" else answer.scores[n])
            x = [length * s for s in fired[t][k]]
    answer.best = answer.scores.index(max(answer.scores))
    return answer


def spread(layer: Layer) -> list[Neuron]:
    return layer.neurons if len(layer.neurons) == len(layer.weights) else layer.neurons * len(layer.weights)


def clocks(network: StepNetwork, entries: Sequence[Sequence[int]]) -> int:
    """Return the clocks of a sample from the first code taken to the last score given, if nobody stalls.

    entries: of each step the entries of each layer's list, the bias among them.
    """
    c, total = network.config, 0
    for t, lists in enumerate(entries):
        total += 2 * (t > 0) + 2 + (0 if network.constant and t > 0 else network.inputs)
        for k, listed in enumerate(lists):
            neurons = len(network.layers[k].weights)
            last = k == len(network.layers) - 1
            each = c.words + (2 if t == network.steps - 1 else 1) * last
            groups, rest = -(-neurons // c.lanes), (neurons - 1) % c.lanes + 1
            early = 0 if last else min(4 // c.words, c.lanes - 1) * c.words
            total += sum(4 + len(edge.weights[0]) for edge in network.into(k)) + 2
            total += listed + (groups - 1) * max(listed, c.lanes * each + 4 - early) + 3 + rest * each
    return total - 1


def random_neuron(r: random.Random, c: Config, spread: int, fires: bool) -> Neuron:
    top = min((1 << c.width - 1) - 1, 32767)
    theta = max(1, min(top, round(spread * r.uniform(0.2, 2)), r.choice([top, top, 1])))
    leaks = [r.randint(100, 255) if c.leak_mode else r.choice([0, 1, 2, 3, c.width - 1]) for _ in range(2)]
    return Neuron(
        leak=leaks[0],
        theta=theta if fires else None,
        refractory=r.choice([0, 0, 1, 3, 255]) * c.refractory,
        v_reset=r.randint(max(-top - 1, -spread), theta - 1),
        leak_2=leaks[1],
        b=min(top, spread // 2),
    )


def random_step_network(r: random.Random, c: Config, shape: Sequence[int], readout: str | None = None) -> StepNetwork:
    """Return a network of the given shape (inputs, neurons of each layer), with everything else at random."""
    length, readout = 1 << c.log2l, readout or r.choice(READOUTS)
    steps = length if c.bits else r.choice([1, 2, 3, 5, 9])
    constant = bool(c.constant) and r.random() < 0.5 and not (len(shape) == 2 and readout == "sum")
    constant = constant or c.bits == 1

    def weights(rows: int, columns: int, top: int) -> list[list[int]]:
        return [[r.randint(-top, top) * (r.random() < 0.8) for _ in range(columns)] for _ in range(rows)]

    edges: list[Edge] = []
    sources = [k for k in range(len(shape) - 1) if k < len(shape) - 2 or readout != "sum"]
    free = (1 << c.history_aw) if c.delay_aw else 0
    kept: set[int] = set()
    for _ in range(r.choice([0, 1, 1, 2, 4])):
        if not sources or not free:
            break
        source, target = r.choice(sources), r.randrange(len(shape) - 1)
        size = shape[source + 1]
        listed = shape[target] + sum(len(e.weights[0]) for e in edges if e.target == target) + size + 1
        if listed >= 1 << c.log2_entries or (source not in kept and size > free):
            continue
        free -= 0 if source in kept else size
        kept.add(source)
        delay = r.choice([1, r.randint(1, (1 << c.delay_aw) - 1)])
        edges.append(Edge(source, target, delay, weights(shape[target + 1], size, r.randint(1, length - 1))))
    layers = []
    for k in range(len(shape) - 1):
        inputs, neurons, top = shape[k], shape[k + 1], r.randint(1, length - 1)
        sum_of = max(1, round((1 << c.frac) * (1 if c.bits else top) * (inputs**0.5) / 2))
        fires = k < len(shape) - 2 or readout == "spikes" or (readout != "sum" and r.random() < 0.7)
        alike = r.random() < 0.5 or neurons == 1
        drawn = [random_neuron(r, c, sum_of, fires) for _ in range(1 if alike else neurons)]
        rows = weights(neurons, inputs, top)
        for row in rows:
            row.append(r.randint(1 - length, length - 1))
        layers.append(Layer(rows, drawn))
    return StepNetwork(c, shape[0], steps, constant, readout, layers, edges)
