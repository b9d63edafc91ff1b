"""sc_stream_lif every clock against the model: windows back to back, apart, abandoned; rst at any clock; every mode."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

import cocotb
import numpy as np
import pytest

from bench import Bench, rng
from networks import random_codes, random_network
from runner import run
from sc_neurocore import golden
from sc_neurocore.artifact import memory_text
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.neurons import LifParams, LifState, lif_step
from sc_neurocore.streams import encode


def network_of(case: dict[str, Any]) -> Network:
    """Return the layer that a case runs, before a readout that nothing here looks at."""
    layer = random_network(
        np.random.default_rng(case["seed"]), case["length"], (case["inputs"], case["neurons"])
    ).layers[0]
    weights = layer.weights.copy()
    weights[0] = np.abs(weights[0])  # so that some neuron fires, whatever the seed
    lif = DenseLayer(weights, np.abs(layer.bias), None, LifParams(**case["lif"]), case.get("adder", "apc"))
    readout = DenseLayer([[1] * case["neurons"]], [0], None)
    return Network(case["length"], (lif, readout), InputSpec((case["inputs"],), case["length"]), case["frac"])


def case_of_the_run() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(os.environ["SC_TB_LIF"])
    return found


@dataclass
class Model:
    """What A17 says, clock by clock: `step` takes the pins of one clock, then the fields are the outputs after it."""

    network: Network
    pipe: int
    starts: bool = field(init=False)  # o_start
    spikes: np.ndarray = field(init=False)  # o_x
    t: int | None = field(init=False)  # of the clock to come
    late: tuple[bool, np.ndarray | None] = field(init=False)  # a clock's start and what it adds, on their way

    def __post_init__(self) -> None:
        self.layer = self.network.layers[0]
        assert self.layer.lif is not None
        self.lif = self.layer.lif
        self.reset()

    def reset(self) -> None:
        self.starts, self.t, self.late = False, None, (False, None)
        self.spikes = np.zeros(self.layer.neurons, dtype=bool)
        self.state = LifState.start(self.lif, self.layer.neurons)

    def delta(self, x: np.ndarray) -> np.ndarray | None:
        """Return what each neuron adds in this clock, None outside a window: the golden model's, at this t."""
        if self.t is None:
            return None
        bits = np.zeros((self.network.length, len(x)), dtype=bool)
        bits[self.t] = x
        return list(golden.clock_sums(self.layer, bits, self.network))[self.t]

    def step(self, rst: bool, start: bool, x: np.ndarray) -> None:
        if rst:
            self.reset()
            return
        now = (start, self.delta(x))
        began, delta = self.late if self.pipe else now
        self.late = now
        if delta is not None:
            self.state, self.spikes = lif_step(self.state, delta << self.network.theta_frac, self.lif)
        if began:
            self.state = LifState.start(self.lif, self.layer.neurons)
        self.starts = began
        if self.t is not None:
            self.t = self.t + 1 if self.t < self.network.length - 1 else None
        if start:
            self.t = 0


async def clocks(dut, bench: Bench, model: Model, plan) -> int:
    """Run the plan, (start, rst, x) a clock, comparing every output in every clock; return the spikes."""
    fired = 0
    for start, rst, x in plan:
        dut.i_start.value, dut.rst.value = int(start), int(rst)
        dut.i_x.value = sum(int(b) << k for k, b in enumerate(x))
        await bench.step()
        model.step(rst, start, x)
        bench.expect("o_start", int(dut.o_start.value), int(model.starts))
        spikes = int(dut.o_x.value)
        got = [spikes >> k & 1 for k in range(model.layer.neurons)]
        bench.expect("o_x", got, model.spikes.astype(int).tolist())
        fired += sum(got)
    return fired


@cocotb.test()
async def answers_any_bits_in_any_order_of_windows(dut):
    """Random bits; windows back to back, with bubbles, abandoned in the middle; rst at any clock."""
    case = case_of_the_run()
    bench, random, model = Bench(dut), rng(), Model(network_of(case), case["pipe"])
    await bench.start(i_start=0, i_x=0)
    inputs, length = case["inputs"], case["length"]

    def plan():
        wait = 0
        for _ in range(20 * length + 1500):
            start = wait == 0
            if start:
                early, late = 1 + random.randrange(length), length + random.randrange(20)
                wait = random.choice([length, length, length + 1, late, early])
            wait -= 1
            density = random.choice([0.0, 0.1, 0.5, 0.9, 1.0])
            x = np.array([random.random() < density for _ in range(inputs)], dtype=np.int64)
            yield start, random.random() < 0.2 / length, x

    assert await clocks(dut, bench, model, plan()) >= 20


@cocotb.test()
async def takes_one_inference_every_l_clocks(dut):
    """Codes back to back: each window's spikes are those of the golden model, which sees one inference at a time."""
    case = case_of_the_run()
    network = network_of(case)
    bench, model, length = Bench(dut), Model(network, case["pipe"]), case["length"]
    await bench.start(i_start=0, i_x=0)
    codes = random_codes(np.random.default_rng(case["seed"] + 1), network, 12)
    windows = [encode(c.astype(np.int64), length) for c in codes]
    seen: list[np.ndarray] = []

    def plan():
        yield True, False, windows[0][:, 0]
        for window in windows:
            for t in range(length):
                seen.append(model.spikes)
                yield t == length - 1, False, window[:, t].astype(np.int64)
        for _ in range(case["pipe"] + 1):
            seen.append(model.spikes)
            yield False, False, windows[0][:, 0]

    await clocks(dut, bench, model, plan())
    # The window's t = 0 is stepped 1 + pipe clocks after it began.
    first = 1 + case["pipe"]
    got = np.array(seen[first : first + len(codes) * length]).reshape(len(codes), length, -1)
    wanted = golden.run(network, codes, spikes=True).spikes[0]
    for n in range(len(codes)):
        bench.expect(f"spikes of inference {n}", got[n].astype(int).tolist(), wanted[n].astype(int).tolist())


NAMES = ["answers_any_bits_in_any_order_of_windows", "takes_one_inference_every_l_clocks"]
CASES: list[dict[str, Any]] = [
    {"length": 4, "inputs": 1, "neurons": 1, "frac": 2, "pipe": 1, "lif": {"theta": 5, "width": 5, "leak_shift": 0}},
    {"length": 8, "inputs": 5, "neurons": 3, "frac": 4, "pipe": 1, "lif": {"theta": 40, "leak_shift": 2}},
    {
        "length": 8, "inputs": 6, "neurons": 3, "frac": 3, "pipe": 0,
        "lif": {"theta": 20, "width": 9, "leak_shift": 3, "reset_mode": 1, "v_reset": -17, "refractory": 2},
    },
    {
        "length": 16, "inputs": 9, "neurons": 4, "frac": 4, "pipe": 1,
        "lif": {"theta": 30, "leak_mode": 1, "beta": 230, "reset_mode": 1, "v_reset": 7, "refractory": 1},
    },
    {
        "length": 64, "inputs": 3, "neurons": 2, "frac": 0, "pipe": 0,
        "lif": {"theta": 3, "width": 4, "leak_mode": 1, "beta": 255, "leak_shift": 0, "refractory": 200},
    },
    {
        "length": 32, "inputs": 20, "neurons": 2, "frac": 15, "pipe": 1,
        "lif": {"theta": 100000, "width": 32, "leak_shift": 1, "reset_mode": 0, "refractory": 0},
    },
    {
        "length": 16, "inputs": 5, "neurons": 3, "frac": 4, "pipe": 1, "adder": "mux",
        "lif": {"theta": 100, "leak_shift": 3, "refractory": 1},
    },
    {
        "length": 4, "inputs": 8, "neurons": 2, "frac": 0, "pipe": 0, "adder": "mux",
        "lif": {"theta": 9, "width": 6, "leak_shift": 0, "reset_mode": 1, "v_reset": -3},
    },
]  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("number", range(len(CASES)))
def test_layer(number: int, seed: int) -> None:
    case = CASES[number] | {"seed": seed}
    network = network_of(case)
    lif = network.layers[0].lif
    assert lif is not None
    parameters: dict[str, int | str] = {
        "INPUTS": case["inputs"], "NEURONS": case["neurons"], "LOG2L": case["length"].bit_length() - 1,
        "FRAC": case["frac"], "WIDTH": lif.width, "THETA": lif.theta, "LEAK_MODE": lif.leak_mode,
        "LEAK_SHIFT": lif.leak_shift, "RESET_MODE": lif.reset_mode, "REFRACTORY": lif.refractory, "BETA": lif.beta,
        "V_RESET": lif.v_reset, "PIPE": case["pipe"], "INIT_FILE": "layer.mem",
        "ADDER": int(case.get("adder") == "mux"),
    }  # fmt: skip
    passed = run(
        "test_stream_lif", "sc_stream_lif", parameters, public_depth=1, seed=seed, testcase=NAMES,
        files={"layer.mem": memory_text(network.layers[0], case["length"])}, env={"SC_TB_LIF": json.dumps(case)},
    )  # fmt: skip
    assert passed == len(NAMES)
