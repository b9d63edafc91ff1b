"""Does every network still give what it gave? `tools/same_results.py`, for changes that must change nothing.

For each committed network, and for some random ones of the kinds that no committed network has, it takes a hash of
everything that a user or a board may see: the tag, the artifact's files, the scores, counts and spikes of every back
end, the memory image, the Verilog of a streaming design, the clocks, the float meaning. The hashes stand in
train/results.csv. Without options it compares, and names what differs. `--update` writes the file: only where a result
is meant to change. `--rtl` also runs the networks in Verilator, and compares them with the packed simulator.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore import artifact, backends, golden, lookup, packed
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import core, estimate, stream_builder, stream_fold
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.network import ConvLayer, DenseLayer, Edge, InputSpec, Network, PoolLayer, Steps
from sc_neurocore.neurons import Alif, ClockNeuron, LifParams, Synaptic
from sc_neurocore.result import Result

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "train" / "results.csv"
FIELDS = ("network", "what", "sha256")
IMAGES, GOLDEN_IMAGES = 24, 1


def digest(*parts: Any) -> str:
    """Return 16 hexadecimal digits of the SHA-256 over arrays, text or numbers, whose types and borders count."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            data = f"{part.dtype.str} {part.shape} ".encode() + np.ascontiguousarray(part).tobytes()
        else:
            data = part if isinstance(part, bytes) else repr(part).encode()
        whole.update(len(data).to_bytes(8, "little") + data)
    return whole.hexdigest()[:16]


def random_layer(rng: np.random.Generator, inputs: int, neurons: int, length: int, **neuron: Any) -> DenseLayer:
    """Return a dense layer of random codes.

    Args:
        rng: What draws the codes.
        inputs: Number of inputs.
        neurons: Number of neurons.
        length: L, which bounds the codes.
        neuron: What else `DenseLayer` takes, such as theta or neuron.
    """
    weights = rng.integers(1 - length, length, (neurons, inputs))
    return DenseLayer(weights, rng.integers(1 - length, length, neurons), **neuron)


def networks() -> dict[str, Network]:
    """Return the committed networks by name, and a few random ones, the same on every machine."""
    found = {
        path.parent.name: artifact.load(path.parent)
        for path in sorted((ROOT / "train" / "networks").glob("*/network.json"))
    }
    rng = np.random.default_rng(17)
    lifs = [
        LifParams(theta=300, width=14, leak_shift=3, refractory=1),
        LifParams(theta=260, width=16, leak_mode=1, beta=200, reset_mode=1, v_reset=-20),
    ]
    for adder in ("apc", "mux"):
        hidden = [
            random_layer(rng, 12, 9, 16, theta=None, lif=lifs[0], adder=adder),
            random_layer(rng, 9, 7, 16, theta=None, lif=lifs[1], adder=adder),
            random_layer(rng, 7, 4, 16, theta=None, adder=adder),
        ]
        found[f"random-lif-{adder}"] = Network(16, tuple(hidden), InputSpec((12,), full_scale=16))
        hidden = [random_layer(rng, 12, 9, 16, theta=90, adder=adder), random_layer(rng, 9, 4, 16, theta=None)]
        found[f"random-{adder}"] = Network(16, tuple(hidden), InputSpec((12,), full_scale=16))
    conv = ConvLayer(rng.integers(-7, 8, (3, 2, 3, 2)), rng.integers(-7, 8, 3), 40, (5, 6, 2), stride=1, padding=1)
    layers = [conv]
    layers += [PoolLayer("mean", 2, layers[-1].output_shape), PoolLayer("max", 2, (3, 3, 3), 1)]
    readout = random_layer(rng, layers[-1].neurons, 4, 8, theta=None)
    found["random-conv"] = Network(8, (*layers, readout), InputSpec((5, 6, 2), full_scale=8))
    kinds: dict[str, ClockNeuron] = {
        "lif": lifs[1],
        "synaptic": Synaptic(theta=300, width=14, leak_shift=3, leak_shift_i=2, refractory=1),
        "alif": Alif(theta=300, leak_mode=1, beta=200, reset_mode=1, v_reset=-20, beta_a=180, b=90),
    }
    for name, neuron in kinds.items():
        hidden = [random_layer(rng, 12, 9, 16, neuron=neuron), random_layer(rng, 9, 4, 16, theta=None)]
        edge = Edge(0, 0, 2, rng.integers(-15, 16, (9, 9)))
        steps = Steps(6, edges=(edge,))
        found[f"random-steps-{name}"] = Network(16, tuple(hidden), InputSpec((12,), full_scale=16), steps=steps)
    return found


def shape(network: Network, samples: int) -> tuple[int, ...]:
    """Return the shape of the codes of so many samples: in steps an input that changes has T rows a sample (A20)."""
    in_time = network.steps is not None and not network.steps.constant
    return (samples, network.steps.count, network.input.size) if in_time else (samples, network.input.size)


def hashes(network: Network) -> Iterator[tuple[str, str]]:
    """Yield (what, hash) of everything that `network` determines; "refused" where it has no such thing."""
    rng = np.random.default_rng(3)
    codes = rng.integers(0, network.length + 1, shape(network, IMAGES))
    codes *= rng.random(codes.shape) < 0.4
    yield "tag", digest(network.tag, network.topology, network.content())
    with tempfile.TemporaryDirectory() as folder:
        artifact.save(network, Path(folder) / "network")
        files = sorted((Path(folder) / "network").iterdir())
        yield "artifact", digest(*[(path.name, path.read_bytes()) for path in files])
    few = codes[:GOLDEN_IMAGES]
    configs = [(lanes, mac) for lanes in (1, 3, 8) for mac in (False, True)]
    yield "golden", attempt(lambda: result(golden.run(network, few, spikes=True)))
    yield "packed", attempt(lambda: result(packed.run(network, codes, spikes=True)))
    yield "lookup", attempt(lambda: result(lookup.run(network, codes)))
    yield "image", digest([attempt(lambda c=c: image(network, *c)) for c in configs])
    yield "plan", digest([attempt(lambda b=b: [repr(estimate.plan(network, b))]) for b in BOARDS.values()])
    yield "clocks", digest([attempt(lambda n=n: [clocks(network, codes, n)]) for n in (1, 4)])
    yield "stream", attempt(lambda: [stream_builder.top_text(network, observe=True), stream_builder.latency(network)])
    yield "folded", attempt(lambda: [stream_fold.folded_text(network, name="top")])


def attempt(work: Callable[[], list[Any]]) -> str:
    """Return the hash of what `work` returns, or "refused" where the network has no such thing."""
    try:
        return digest(*work())
    except ScError:
        return "refused"


def result(found: Result) -> list[Any]:
    """Return all arrays of a run."""
    return [found.scores, *found.counts, *found.spikes]


def image(network: Network, lanes: int, mac: bool) -> list[Any]:
    """Return the engine that holds a network, and what its memories hold.

    Args:
        network: The network.
        lanes: Number of lanes.
        mac: Whether it is the integer peer. ScError if no engine can hold the network.
    """
    config = core.core_config(network, lanes, mac=mac)
    return [repr(config), core.core_weight_words(network, config), core.core_table_words(network, config)]


def clocks(network: Network, codes: np.ndarray, lanes: int) -> np.ndarray:
    """Return the clocks of each inference on the engine with so many lanes."""
    if network.steps is not None:
        return estimate.clocks_of(network, codes, lanes)
    counts = packed.run(network, codes).counts
    return (estimate.clocks if network.dense else estimate.conv_clocks)(network, codes, counts, lanes)


def main(argv: list[str] | None = None) -> int:
    """Compare with the record, or write it; 1 if anything differs."""
    parser = argparse.ArgumentParser(description="Does every network still give what it gave?")
    parser.add_argument("--update", action="store_true", help=f"write {RECORD.relative_to(ROOT)}")
    parser.add_argument("--rtl", action="store_true", help="also run what Verilator can run")
    options = parser.parse_args(argv)
    rows = {(name, what): sha for name, network in networks().items() for what, sha in hashes(network)}
    wrong = 0
    if options.rtl:
        for name, network in networks().items():
            codes = np.random.default_rng(5).integers(0, network.length + 1, shape(network, 3))
            backend = "stream" if network.steps is None and (network.temporal or network.mux) else "rtl"
            differ = backends.run(network, codes, backend).mismatches(backends.run(network, codes))
            print(f"{name}: {backend}, {differ} scores differ from those of packed")
            wrong += differ
    if options.update:
        with RECORD.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([FIELDS, *((*key, sha) for key, sha in rows.items())])
        print(f"{RECORD.relative_to(ROOT)}: {len(rows)} hashes")
        return 1 if wrong else 0
    with RECORD.open(encoding="utf-8", newline="") as file:
        before = {(row["network"], row["what"]): row["sha256"] for row in csv.DictReader(file)}
    for key in sorted({**before, **rows}):
        if before.get(key) != rows.get(key):
            print(f"{key[0]}: {key[1]} is {rows.get(key, 'gone')}, was {before.get(key, 'not there')}")
            wrong += 1
    print(f"{len(rows)} hashes of {len(networks())} networks: {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
