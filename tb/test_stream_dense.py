"""sc_stream_dense every clock against the model, and sc_stream_encode and sc_stream_argmax beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import cocotb
import numpy as np
import pytest

from bench import Bench, rng
from runner import TB, BenchFailure, run
from sc_neurocore.artifact import memory_text
from sc_neurocore.network import DenseLayer
from sc_neurocore.neurons import classify, window_if_step
from sc_neurocore.sources import vdc
from sc_neurocore.streams import encode, mux_select, pack_codes


def random_layer(
    generator: np.random.Generator, length: int, inputs: int, neurons: int, theta: int, adder: str = "apc"
) -> DenseLayer:
    """Weights of both signs up to the greatest, and zeros."""
    weights = generator.integers(1 - length, length, (neurons, inputs))
    weights *= generator.random((neurons, inputs)) < 0.8
    return DenseLayer(weights, generator.integers(1 - length, length, neurons), theta, None, adder)


def layer_of_the_run() -> DenseLayer:
    """Return the layer that the bench runs: the parameters and the seed of its weights are in the environment."""
    *sizes, seed = map(int, os.environ["SC_TB_LAYER"].split())
    adder = ("apc", "mux")[int(os.environ["SC_TB_STREAM"].split()[3])]
    return random_layer(np.random.default_rng(seed), *sizes, adder)


@dataclass
class Model:
    """What A17 says, clock by clock: `step` takes the pins of one clock, then the fields are the outputs after it."""

    layer: DenseLayer
    length: int
    frac: int
    pipe: int
    spiking: bool
    t: int | None = None  # of the clock to come
    total: np.ndarray = field(init=False)
    v: np.ndarray = field(init=False)
    late: list[tuple[bool, np.ndarray | None]] = field(init=False)

    def __post_init__(self) -> None:
        self.r = vdc(self.length)
        self.mux = self.layer.adder == "mux"
        self.slots, self.sel = mux_select(self.layer.inputs + 1, self.length)
        self.reset()

    def reset(self) -> None:
        self.t = None
        self.total = np.zeros(self.layer.neurons, dtype=np.int64)
        self.v = np.full(self.layer.neurons, -1, dtype=np.int64)
        self.late = [(False, None)] * self.pipe  # ends of windows on their way

    def now(self, x: np.ndarray) -> tuple[bool, np.ndarray | None]:
        """Return whether the window ends with the bits x of this clock, and its S."""
        if self.t != self.length - 1:
            return False, None
        return True, self.total + self.delta(x)

    def delta(self, x: np.ndarray) -> np.ndarray:
        codes = self.layer.synapses.astype(np.int64)
        bits = np.append(x, 1) & (np.abs(codes) > self.r[self.t])
        products = bits * np.sign(codes)
        if not self.mux:
            return products.sum(axis=1)
        chosen = self.sel[self.t]
        return self.slots * products[:, chosen] if chosen <= self.layer.inputs else 0 * products[:, 0]

    def outputs(self, x: np.ndarray) -> tuple[bool, np.ndarray | None]:
        return self.late[0] if self.pipe else self.now(x)

    def spikes(self) -> np.ndarray:
        return self.v >= 0 if self.spiking else np.zeros(self.layer.neurons, dtype=bool)

    def step(self, rst: bool, start: bool, x: np.ndarray) -> None:
        ended, s = self.outputs(x)
        if rst:
            self.reset()
            return
        if ended:
            self.v = (s << self.frac + 1) - self.layer.theta
        else:
            self.v = window_if_step(self.v, self.layer.theta)[0]
        if self.pipe:
            self.late = [*self.late[1:], self.now(x)]
        if self.t is not None:
            self.total = self.total + self.delta(x)
            self.t = self.t + 1 if self.t < self.length - 1 else None
        if start:
            self.t, self.total = 0, np.zeros_like(self.total)


def fields(value: int, count: int, width: int) -> list[int]:
    """Split a packed vector into signed numbers."""
    words = [value >> width * k & (1 << width) - 1 for k in range(count)]
    return [w - (w >> width - 1 << width) for w in words]


def drive(dut, start: bool, rst: bool, x: np.ndarray) -> None:
    dut.i_start.value, dut.rst.value = int(start), int(rst)
    dut.i_x.value = sum(int(b) << k for k, b in enumerate(x))


def model_of(dut) -> Model:
    pipe, spiking, frac, _ = map(int, os.environ["SC_TB_STREAM"].split())
    length = int(os.environ["SC_TB_LAYER"].split()[0])
    return Model(layer_of_the_run(), length, frac, pipe, bool(spiking))


async def clocks(dut, bench: Bench, model: Model, plan) -> int:
    """Run the plan, (start, rst, x) a clock, comparing every output in every clock; return the windows that ended."""
    windows = 0
    neurons = model.layer.neurons
    for start, rst, x in plan:
        drive(dut, start, rst, x)
        await bench.low()
        ended, s = model.outputs(x)
        bench.expect("o_start", int(dut.o_start.value), int(ended))
        if ended:
            width = len(dut.o_s) // neurons
            bench.expect("o_s", fields(int(dut.o_s.value), neurons, width), s.tolist())
            windows += not rst
        spikes = int(dut.o_x.value)
        bench.expect("o_x", [spikes >> k & 1 for k in range(neurons)], model.spikes().astype(int).tolist())
        await bench.step()
        model.step(rst, start, x)
    return windows


def bits(random, inputs: int) -> np.ndarray:
    density = random.choice([0.0, 0.1, 0.5, 0.9, 1.0])
    return np.array([random.random() < density for _ in range(inputs)], dtype=np.int64)


@cocotb.test()
async def sums_any_bits_in_any_order_of_windows(dut):
    """Random bits; windows back to back, with bubbles, abandoned in the middle; rst at any clock."""
    bench, random, model = Bench(dut), rng(), model_of(dut)
    await bench.start(i_start=0, i_x=0)
    inputs, length = model.layer.inputs, model.length

    def plan():
        wait = 0
        for _ in range(40 * length + 2000):
            start = wait == 0
            if start:
                early, late = 1 + random.randrange(length), length + random.randrange(20)
                wait = random.choice([length, length, length + 1, late, early])
            wait -= 1
            rst = random.random() < 0.2 / length
            yield start, rst, bits(random, inputs)

    assert await clocks(dut, bench, model, plan()) >= 20


@cocotb.test()
async def takes_one_inference_every_l_clocks(dut):
    """The streams of codes, back to back: each window's S and each o_x stream is the model's, none is lost."""
    bench, random, model = Bench(dut), rng("back to back"), model_of(dut)
    await bench.start(i_start=0, i_x=0)
    length, inputs = model.length, model.layer.inputs
    windows = [encode([random.randint(0, length) for _ in range(inputs)], length) for _ in range(12)]

    def plan():
        yield True, False, bits(random, inputs)
        for window in windows:
            for t in range(length):
                yield t == length - 1, False, window[:, t].astype(np.int64)
        yield False, False, bits(random, inputs)

    assert await clocks(dut, bench, model, plan()) == len(windows)


LAYER_TESTS = ["sums_any_bits_in_any_order_of_windows", "takes_one_inference_every_l_clocks"]
CASES = [
    # L, inputs, neurons, theta, frac, pipe, spiking, adder
    (4, 1, 1, 9, 2, 0, 1, 0),
    (8, 5, 3, 40, 4, 1, 1, 0),
    (16, 20, 4, 57, 4, 1, 1, 0),
    (16, 7, 2, 16, 0, 0, 0, 0),
    (32, 33, 5, 300, 6, 1, 0, 0),
    (128, 3, 2, 65535, 15, 0, 1, 0),
    (8, 5, 3, 40, 4, 1, 1, 1),
    (4, 20, 2, 57, 4, 0, 1, 1),
    (64, 15, 2, 300, 6, 1, 0, 1),
    (16, 1, 1, 9, 2, 1, 1, 1),
]


def stream_env(layer: tuple[int, ...], pipe: int, spiking: int, frac: int, adder: int = 0) -> dict[str, str]:
    return {"SC_TB_LAYER": " ".join(map(str, layer)), "SC_TB_STREAM": f"{pipe} {spiking} {frac} {adder}"}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_layer_from_a_file(case: tuple[int, ...], seed: int) -> None:
    length, inputs, neurons, theta, frac, pipe, spiking, adder = case
    layer = random_layer(np.random.default_rng(seed), length, inputs, neurons, theta)
    parameters: dict[str, int | str] = {
        "INPUTS": inputs, "NEURONS": neurons, "LOG2L": length.bit_length() - 1, "NEURON": spiking, "THETA": theta,
        "FRAC": frac, "PIPE": pipe, "ADDER": adder, "INIT_FILE": "layer.mem",
    }  # fmt: skip
    passed = run(
        "test_stream_dense", "sc_stream_dense", parameters, public_depth=1, seed=seed, testcase=LAYER_TESTS,
        files={"layer.mem": memory_text(layer, length)},
        env=stream_env((length, inputs, neurons, theta, seed), pipe, spiking, frac, adder),
    )  # fmt: skip
    assert passed == len(LAYER_TESTS)


PACKED = (8, 2, 3, 20, 77)  # the layer whose weights tb_stream_packed.v has


def test_layer_from_a_packed_parameter() -> None:
    length, inputs, neurons, theta, seed = PACKED
    layer = random_layer(np.random.default_rng(seed), length, inputs, neurons, theta)
    words = pack_codes(layer.synapses, length).reshape(-1).tolist()
    packed = sum(w << 4 * k for k, w in enumerate(words))
    assert f"36'h{packed:09x}" in (TB / "tb_stream_packed.v").read_text()
    passed = run(
        "test_stream_dense", "tb_stream_packed", sources=[TB / "tb_stream_packed.v"], public_depth=1,
        testcase=LAYER_TESTS, env=stream_env(PACKED, 1, 1, 4),
    )  # fmt: skip
    assert passed == len(LAYER_TESTS)


DAMAGE = {
    "missing": None,
    "short": "1 2\n3\n",
    "long": "1 2 3\n" * 3,
    "malformed": "1 2 3\n4 no 5\n",
    "wide": "1 2 3\n4 5 10\n",
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_bad_weight_file_ends_the_run(case: str) -> None:
    text = DAMAGE[case]
    parameters = {"INPUTS": 2, "NEURONS": 2, "LOG2L": 3, "INIT_FILE": "layer.mem"}
    with pytest.raises(BenchFailure, match=r"(?i)error: .*layer\.mem"):
        run(
            "test_stream_dense", "sc_stream_dense", parameters, public_depth=1, testcase=LAYER_TESTS[:1],
            files={} if text is None else {"layer.mem": text}, env=stream_env((8, 2, 2, 16, 1), 1, 1, 4),
        )  # fmt: skip


@cocotb.test()
async def emits_the_stream_of_every_code(dut):
    """sc_stream_encode: codes change while a window runs, starts come early, back to back and late."""
    bench, random = Bench(dut), rng()
    await bench.start(i_start=0, i_codes=0)
    inputs, log2l = map(int, os.environ["SC_TB_ENCODE"].split())
    length = 1 << log2l
    for _ in range(60):
        codes = [random.randint(0, length) for _ in range(inputs)]
        dut.i_start.value = 1
        dut.i_codes.value = sum(c << (log2l + 1) * k for k, c in enumerate(codes))
        await bench.step()
        dut.i_start.value, dut.i_codes.value = 0, random.getrandbits(inputs * (log2l + 1))
        wanted = encode(codes, length).astype(int)
        for t in range(random.choice([length, length, random.randint(1, length)])):
            got = int(dut.o_x.value)
            bench.expect(f"o_x, t = {t}", [got >> k & 1 for k in range(inputs)], wanted[:, t].tolist())
            if t < length - 1:
                await bench.step()


@pytest.mark.parametrize(("inputs", "log2l"), [(1, 2), (9, 4)])
def test_encode(inputs: int, log2l: int) -> None:
    parameters = {"INPUTS": inputs, "LOG2L": log2l}
    env = {"SC_TB_ENCODE": f"{inputs} {log2l}"}
    assert (
        run("test_stream_dense", "sc_stream_encode", parameters, testcase="emits_the_stream_of_every_code", env=env)
        == 1
    )


@cocotb.test()
async def picks_the_lowest_index_of_the_greatest(dut):
    """sc_stream_argmax: random scores with many ties, both extremes, and hold between valids."""
    bench, random = Bench(dut), rng()
    await bench.start(i_valid=0, i_s=0)
    n, width = map(int, os.environ["SC_TB_ARGMAX"].split())
    low, high = -(1 << width - 1), (1 << width - 1) - 1
    held: list[int] | None = None
    for _ in range(600):
        narrow = random.random() < 0.6
        scores = [
            random.randint(-1, 1) if narrow else random.choice([low, high, random.randint(low, high)]) for _ in range(n)
        ]
        valid, rst = random.random() < 0.6, random.random() < 0.05
        dut.i_valid.value, dut.rst.value = int(valid), int(rst)
        dut.i_s.value = sum((s & (1 << width) - 1) << width * k for k, s in enumerate(scores))
        await bench.step()
        bench.expect("o_valid", int(dut.o_valid.value), int(valid and not rst))
        held = scores if valid else held
        if held is not None:
            bench.expect("o_s", fields(int(dut.o_s.value), n, width), held)
            bench.expect("o_class", int(dut.o_class.value), int(classify(held)))


@pytest.mark.parametrize(("n", "width"), [(1, 4), (2, 2), (5, 8), (10, 12), (16, 32)])
def test_argmax(n: int, width: int) -> None:
    name = "picks_the_lowest_index_of_the_greatest"
    env = {"SC_TB_ARGMAX": f"{n} {width}"}
    assert run("test_stream_dense", "sc_stream_argmax", {"N": n, "WIDTH": width}, testcase=name, env=env) == 1
