"""Speed and memory of the simulators: docs/speed.md's tables, docs/plots/speed.{csv,svg}.

    python bench/speed.py            measures everything (about 3 minutes of 2 cores) and writes them
    python bench/speed.py --quick    small sizes, printed and not written
    python bench/speed.py --part mnist    only that part
    python bench/speed.py --redraw   docs/plots/speed.svg anew, from the rows that are there

What is compared runs turn by turn in one process, and the shortest of all turns counts: machines differ and are shared.
"""

from __future__ import annotations

import argparse
import csv
import ctypes
import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from document import put_table, table, write_csv
from pays.common import ask_for, figure, save
from sc_neurocore import artifact, backends, data, figures, kernels, lookup, packed
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.neurons import LifParams, window_if
from sc_neurocore.streams import encode

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "speed.md"
PLOTS = ROOT / "docs" / "plots"
NETWORKS = ROOT / "train" / "networks"
Row = dict[str, str | float]
THREADS = numba.config.NUMBA_NUM_THREADS


# --- the machine's own limits ----------------------------------------------------------------------------------------


def _register_loop(chains: int) -> Any:
    """Return f(word, rounds): `chains` vectors in registers, each total += popcount(total ∧ word) in every round."""

    def typed(context: Any, word: Any, rounds: Any) -> Any:
        def codegen(context: Any, b: Any, signature: Any, args: Any) -> Any:
            i64, i32, lanes = ir.IntType(64), ir.IntType(32), kernels.VECTOR_WORDS
            vector = ir.VectorType(i64, lanes)
            undefined, zeros = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(i32, lanes), [0] * lanes)
            popcount = b.module.declare_intrinsic(f"llvm.ctpop.v{lanes}i64", (), ir.FunctionType(vector, [vector]))
            spread = b.shuffle_vector(b.insert_element(undefined, args[0], ir.Constant(i32, 0)), undefined, zeros)
            before, body, after = b.block, b.append_basic_block("body"), b.append_basic_block("after")
            b.branch(body)
            b.position_at_end(body)
            m = b.phi(i64)
            m.add_incoming(ir.Constant(i64, 0), before)
            totals = [b.phi(vector) for _ in range(chains)]
            sums = [b.add(t, b.call(popcount, [b.and_(t, spread)])) for t in totals]
            for k, (total, new) in enumerate(zip(totals, sums, strict=True)):
                total.add_incoming(ir.Constant(vector, [k] * lanes), before)
                total.add_incoming(new, body)
            following = b.add(m, ir.Constant(i64, 1))
            m.add_incoming(following, body)
            b.cbranch(b.icmp_signed("<", following, args[1]), body, after)
            b.position_at_end(after)
            every = sums[0]
            for new in sums[1:]:
                every = b.xor(every, new)
            out = b.extract_element(every, ir.Constant(i32, 0))
            for lane in range(1, lanes):
                out = b.xor(out, b.extract_element(every, ir.Constant(i32, lane)))
            return out

        return types.uint64(types.uint64, types.int64), codegen

    return intrinsic(typed)


CHAINS = 12
_loop = _register_loop(CHAINS)


@njit(nogil=True)
def registers(word: np.uint64, rounds: int) -> np.uint64:
    """AND, popcount and add of `rounds`·CHAINS vectors that never leave the registers."""
    return _loop(word, rounds)


@njit(nogil=True)
def innermost(sums: Any, x: Any, live: Any, w: Any, rounds: int) -> None:
    """The kernel's loop over one tile of weights, again and again: what the innermost cache lets through."""
    for _ in range(rounds):
        kernels._products(sums, x, live, len(live), w)


# --- peers -----------------------------------------------------------------------------------------------------------


def numpy_packbits(net: Network, codes: NDArray[np.uint16], words: type = np.uint8) -> Callable[[], NDArray[np.int64]]:
    """Return a call that gives the scores by packbits, AND and bitwise_count, one image at a time: plain NumPy.

    words: the type as which bytes are counted. Weights are packed beforehand.
    """
    weights = []
    for layer in net.layers:
        assert isinstance(layer, DenseLayer)
        synapses = layer.synapses.astype(np.int64)
        bits = encode(np.abs(synapses), net.length, net.weight_source).reshape(layer.neurons, -1)
        signs = np.repeat(synapses < 0, net.length, axis=1)
        up, down = (_packbits(b, words) for b in (bits & ~signs, bits & signs))
        weights.append((layer, up, down))

    def call() -> NDArray[np.int64]:
        scores = np.zeros((len(codes), net.classes), dtype=np.int64)
        for n, image in enumerate(codes):
            x = image.astype(np.int64)
            for layer, up, down in weights:
                bits = _packbits(encode(np.append(x, net.length), net.length).reshape(1, -1), words)
                s = np.bitwise_count(bits & up).sum(axis=1, dtype=np.int64)
                s -= np.bitwise_count(bits & down).sum(axis=1, dtype=np.int64)
                if layer.theta is None:
                    scores[n] = s
                else:
                    x = window_if(s, layer.theta, net.theta_frac, net.length)
        return scores

    return call


def _packbits(bits: NDArray[np.bool_], words: type) -> NDArray[Any]:
    size = np.dtype(words).itemsize * 8
    padded = np.pad(bits, ((0, 0), (0, -bits.shape[1] % size)))
    return np.packbits(padded, axis=1).view(words)


# --- networks --------------------------------------------------------------------------------------------------------


def random_network(length: int, shape: tuple[int, ...], lif: bool = False) -> Network:
    """Return a random network whose hidden activity is near that of a trained one."""
    rng = np.random.default_rng(0)
    layers = []
    for k, (inputs, neurons) in enumerate(pairwise(shape)):
        hidden = k < len(shape) - 2
        weights = rng.integers(1 - length, length, (neurons, inputs))
        bias = rng.integers(1 - length, length, neurons)
        params = LifParams(theta=16 * 8, leak_shift=3) if lif and hidden else None
        layers.append(DenseLayer(weights, bias, 160 if hidden and not lif else None, params))
    return Network(length, tuple(layers), InputSpec((shape[0],), 256))


def longer(network: Network, length: int) -> Network:
    """Return the network at another length of streams, its codes carried over."""
    factor = length // network.length
    layers = [
        replace(x, weights=x.weights.astype(np.int64) * factor, bias=x.bias.astype(np.int64) * factor)  # type: ignore[call-arg]
        for x in network.weighted
    ]
    return replace(network, length=length, layers=tuple(layers))


def codes_for(network: Network, images: int, density: float) -> NDArray[np.uint16]:
    """Return random codes, of which a share is not 0."""
    rng = np.random.default_rng(1)
    shape = (images, network.input.size)
    return (rng.integers(1, network.length + 1, shape) * (rng.random(shape) < density)).astype(np.uint16)


# --- measuring -------------------------------------------------------------------------------------------------------


def race(calls: dict[str, Callable[[], object]], rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return the shortest time of each call by the clock, and by the CPU (of all threads), in seconds.

    In each of `rounds` turns every call runs once.
    """
    for call in calls.values():
        call()
    clock, cpu = dict.fromkeys(calls, float("inf")), dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter(), time.process_time()
            call()
            clock[name] = min(clock[name], time.perf_counter() - start[0])
            cpu[name] = min(cpu[name], time.process_time() - start[1])
    return clock, cpu


def roofline(quick: bool) -> list[Row]:
    """Measure the machine, and beside it the kernel on 784-128, one thread: Gbit/s of products x ∧ w."""
    rounds, loops = (3, 100_000) if quick else (25, 1_000_000)
    lanes, depth = 128, 24
    w, x = packed._words(depth, lanes), np.arange(1, depth + 1, dtype=np.uint64)
    sums, live = packed._words(lanes), np.arange(depth)
    big = np.ones((8 if quick else 64) << 17)
    calls: dict[str, Callable[[], object]] = {
        "registers": lambda: registers(np.uint64(0x5A5A5A5A12345678), loops),
        "innermost cache": lambda: innermost(sums, x, live, w, loops // 100),
        "memory": big.sum,
    }
    bits = {
        "registers": loops * CHAINS * kernels.VECTOR_WORDS * 64,
        "innermost cache": loops // 100 * depth * lanes * 64,
        "memory": big.nbytes * 8,
    }
    for length in (32, 256, 1024):
        images = 64 if quick else 65536 // length
        net = random_network(length, (784, 128))
        step = packed.Windows(net.layers[0], net)  # type: ignore[arg-type]
        codes = codes_for(net, images, 1.0)
        streams = kernels.expand(codes, step.streams, length)
        calls[f"kernel, L = {length}"] = lambda step=step, streams=streams, ones=codes: step.weights.sums(streams, ones)  # type: ignore[misc]
        bits[f"kernel, L = {length}"] = images * 784 * 128 * length
    _, best = race(calls, rounds)
    peak = bits["registers"] / best["registers"]
    return [
        {
            "part": "roofline",
            "case": name,
            "value": bits[name] / best[name] / 1e9,
            "share": bits[name] / best[name] / peak,
        }
        for name in calls
    ]


def against_numpy(quick: bool) -> list[Row]:
    """Compare one layer of 784-128 on a batch, from codes to sums, with plain NumPy in the same run."""
    rows: list[Row] = []
    for length in (256, 1024):
        for density in (1.0, 0.19):
            net = random_network(length, (784, 128))
            images, few = (64, 2) if quick else (1024, 4)
            codes = codes_for(net, images, density)
            plain, wide = (numpy_packbits(net, codes[:few], kind) for kind in (np.uint8, np.uint64))
            reference = packed.run(net, codes[:few]).scores
            assert np.array_equal(plain(), reference)
            assert np.array_equal(wide(), reference)

            ready = packed.prepare(net)

            def all_threads(net=net, codes=codes, ready=ready) -> None:  # type: ignore[no-untyped-def]
                packed.run(net, codes, prepared=ready)

            def one_thread(call: Callable[[], None] = all_threads) -> None:
                numba.set_num_threads(1)
                call()
                numba.set_num_threads(THREADS)

            calls = {"bytes": plain, "words": wide, "threads": all_threads, "one": one_thread}
            clock, cpu = race(calls, 2 if quick else 9)
            images_of = {"bytes": few, "words": few, "threads": images, "one": images}
            # By the clock where threads work side by side, else by the CPU, which a shared machine disturbs less.
            rates = {n: images_of[n] / (clock if n == "threads" else cpu)[n] for n in calls}
            peers = {n: few / (clock if n == "threads" else cpu)["bytes"] for n in calls}
            rows += [
                {
                    "part": "numpy",
                    "case": f"L = {length}, {density:.0%} of inputs not 0: {name}",
                    "value": rate,
                    "share": rate / peers[name],
                }
                for name, rate in rates.items()
            ]
    return rows


def mnist(quick: bool) -> list[Row]:
    """Run 10,000 MNIST images, warm, through 784-128-128-10."""
    part = data.load("mnist")
    x, y = part.x_test, part.y_test
    if quick:
        x, y = x[:200], y[:200]
    mlp, spiking = longer(artifact.load(NETWORKS / "mnist-mlp"), 32), artifact.load(NETWORKS / "mnist-surrogate")
    codes, spikes = mlp.input.encode(x, 32), spiking.input.encode(x, spiking.length)
    calls = {
        "exact table": lambda: lookup.run(mlp, codes),
        "bits": lambda: packed.run(mlp, codes),
        "bits, lif neurons": lambda: packed.run(spiking, spikes),
    }
    clock, cpu = race(calls, 2 if quick else 15)
    return [
        {
            "part": "mnist",
            "case": f"{name}: {what}",
            "value": seconds[name],
            "share": float((call().classes == y).mean()),
        }
        for name, call in calls.items()
        for what, seconds in (("clock", clock), ("cpu", cpu))
    ]


def scaling(quick: bool) -> list[Row]:
    """Measure 784-128-128-10 at several lengths and sizes of batch, MNIST's share of zeros."""
    rows: list[Row] = []
    rounds = 2 if quick else 7
    shape = (784, 128, 128, 10)
    calls: dict[str, Callable[[], object]] = {}
    for length in (16, 32, 64, 128) if quick else (16, 32, 64, 128, 256, 512, 1024):
        net, spiking = random_network(length, shape), random_network(length, shape, lif=True)
        codes = codes_for(net, 64 if quick else 1024, 0.19)
        for name, n in (("bits", net), ("lif", spiking)):
            weights = packed.prepare(n)
            calls[f"{name}, length {length}"] = lambda n=n, c=codes, p=weights: packed.run(n, c, prepared=p)  # type: ignore[misc]
        if length <= 256:  # beyond it the table is larger than memory is for
            ready = lookup.prepare(net)
            calls[f"lookup, length {length}"] = lambda n=net, c=codes, r=ready: lookup.run(n, c, r)  # type: ignore[misc]
    net, spiking = random_network(32, shape), random_network(32, shape, lif=True)
    ready = lookup.prepare(net)
    weights, spiking_weights = packed.prepare(net), packed.prepare(spiking)
    for images in (16, 64) if quick else (16, 64, 256, 1024, 4096, 16384):
        codes = codes_for(net, images, 0.19)
        calls[f"bits, batch {images}"] = lambda c=codes: packed.run(net, c, prepared=weights)  # type: ignore[misc]
        calls[f"lif, batch {images}"] = lambda c=codes: packed.run(spiking, c, prepared=spiking_weights)  # type: ignore[misc]
        calls[f"lookup, batch {images}"] = lambda c=codes: lookup.run(net, c, ready)  # type: ignore[misc]
    for name, seconds in race(calls, rounds)[1].items():
        rows.append({"part": "scaling", "case": name, "value": seconds, "share": 0.0})
    return rows


# --- memory ----------------------------------------------------------------------------------------------------------

MEMORY = {"784-1024-10, L = 256": (256, False), "784-1024-10, L = 1024": (1024, False), "lif, L = 256": (256, True)}


def memory_of(case: str) -> None:
    """Print the growth of this process's peak while 4,096 images run, and the packed weights' size, in MiB."""
    length, lif = MEMORY[case]
    net = random_network(length, (784, 1024, 10), lif)
    few = random_network(length, (8, 8, 4), lif)
    packed.run(few, codes_for(few, 64, 0.5))  # compiles and loads
    codes = codes_for(net, 4096, 0.19)
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # else the run could take what the set-up freed, and would not be seen
    Path("/proc/self/clear_refs").write_text("5")  # the peak becomes what is held now
    before = _resident("VmRSS")
    result = packed.run(net, codes)
    grown = (_resident("VmHWM") - before) / 1024
    out = result.scores.nbytes + sum(c.nbytes for c in result.counts)
    weights = sum(x.weights.size for x in net.weighted) * length / 8
    print(grown, weights / 2**20, out / 2**20)


def _resident(which: str) -> int:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(which))
    return int(line.split()[1])


def memory(quick: bool) -> list[Row]:
    """Measure each case in a process of its own."""
    rows: list[Row] = []
    for case in list(MEMORY)[: 1 if quick else None]:
        command = [sys.executable, __file__, "--memory-of", case]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        grown, weights, out = map(float, done.stdout.split())
        rows.append({"part": "memory", "case": case, "value": grown, "share": weights})
        rows.append({"part": "memory", "case": f"{case}: result", "value": out, "share": 0.0})
    return rows


def back_ends(quick: bool) -> list[Row]:
    """Compare every back end on 196-128-10 at L = 16 with plain NumPy, in images a second."""
    net = random_network(16, (196, 128, 10))
    codes, few = codes_for(net, 100 if quick else 2000, 0.25), 20
    reference = numpy_packbits(net, codes[:few])
    names = ("golden", "packed", "lookup") if quick else ("golden", "packed", "lookup", "rtl")
    images = {name: few if name == "golden" else len(codes) for name in names}
    calls: dict[str, Callable[[], object]] = {"numpy": reference}
    for name in names:
        assert np.array_equal(backends.run(net, codes[:few], name).scores, reference())
        calls[name] = lambda n=name: backends.run(net, codes[: images[n]], n)  # type: ignore[misc]
    best, _ = race(calls, 2)
    rates = {name: (few if name == "numpy" else images[name]) / best[name] for name in calls}
    return [
        {"part": "backends", "case": name, "value": rate, "share": rate / rates["numpy"]}
        for name, rate in rates.items()
    ]


PARTS: dict[str, Callable[[bool], list[Row]]] = {
    "roofline": roofline,
    "numpy": against_numpy,
    "mnist": mnist,
    "scaling": scaling,
    "memory": memory,
    "backends": back_ends,
}


def committed() -> list[Row]:
    """Return the rows that were measured."""
    with (PLOTS / "speed.csv").open(newline="") as file:
        return [{k: v if k in ("part", "case") else float(v) for k, v in row.items()} for row in csv.DictReader(file)]


# --- the page --------------------------------------------------------------------------------------------------------


def tables(rows: list[Row]) -> dict[str, list[str]]:
    """Return the lines of each table of the document."""
    by = {part: [r for r in rows if r["part"] == part] for part in dict.fromkeys(r["part"] for r in rows)}
    out = {
        "roofline": table(
            ["AND, popcount, add", "Gbit/s, one thread", "of the registers"],
            [
                [r["case"], f"{r['value']:.0f}", "" if r["case"] == "memory" else f"{r['share']:.0%}"]
                for r in by["roofline"]
            ],
        )
    }
    names = {
        "bytes": "NumPy",
        "words": "NumPy, 64-bit words",
        "one": "packed, 1 thread",
        "threads": "packed, all threads",
    }
    cases = dict.fromkeys(str(r["case"]).partition(": ")[0] for r in by["numpy"])
    found = {r["case"]: r for r in by["numpy"]}
    out["numpy"] = table(
        ["784-128", *names.values()],
        [
            [case, *(f"{found[f'{case}: {n}']['value']:,.0f} ({found[f'{case}: {n}']['share']:.1f}×)" for n in names)]
            for case in cases
        ],
    )
    out["mnist"] = table(
        ["10,000 images, 784-128-128-10, L = 32", "s by the clock", "s of CPU, all threads", "accuracy %"],
        [
            [
                str(a["case"]).partition(":")[0],
                f"{a['value']:.3f}",
                f"{b['value']:.3f}",
                f"{100 * float(a['share']):.2f}",
            ]
            for a, b in zip(by["mnist"][::2], by["mnist"][1::2], strict=True)
        ],
    )
    grown = {r["case"]: r for r in by["memory"]}
    out["memory"] = table(
        ["4,096 images", "packed weights, MiB", "result, MiB", "growth of the peak, MiB", "left for blocks, MiB"],
        [
            [
                case,
                f"{r['share']:.1f}",
                f"{grown[f'{case}: result']['value']:.1f}",
                f"{r['value']:.1f}",
                f"{float(r['value']) - float(r['share']) - float(grown[f'{case}: result']['value']):.1f}",
            ]
            for case, r in grown.items()
            if not str(case).endswith(": result")
        ],
    )
    out["backends"] = table(
        ["back end", "images a second", "against NumPy"],
        [[r["case"], f"{r['value']:,.0f}", f"{r['share']:.2f}×"] for r in by["backends"]],
    )
    return out


#: In the figure.
NAMES = {"bits": "bits", "lif": "bits, lif neurons", "lookup": "exact table"}


def draw(rows: list[Row], path: Path) -> None:
    """Draw the time an image takes against L, and the time of a batch against its size."""
    fig, axes = figure(2)
    for ax, what in zip(axes, ("length", "batch"), strict=True):
        for name, look, colour in (
            ("bits", "-o", figures.BLUE),
            ("lif", "-.s", figures.RED),
            ("lookup", "--^", figures.GREEN),
        ):
            chosen = [r for r in rows if r["part"] == "scaling" and f"{name}, {what} " in str(r["case"])]
            at = [int(str(r["case"]).rsplit(" ", 1)[1]) for r in chosen]
            per = 1024 / 1e6 if what == "length" else 1e-3
            ax.plot(at, [float(r["value"]) / per for r in chosen], look, color=colour, label=NAMES[name])
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        figures.plain_ticks(ax.xaxis, [16, 64, 256, 1024] if what == "length" else [16, 64, 256, 1024, 4096, 16384])
        figures.plain_ticks(ax.yaxis)
    figures.legend_below(fig, axes, 3)
    axes[0].set(xlabel="stream length L", ylabel="µs of CPU an image, batch of 1,024", title="784-128-128-10")
    axes[1].set(xlabel="images", ylabel="ms of CPU a batch", title="the same, L = 32")
    save(fig, path)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, printed and not written")
    parser.add_argument("--part", choices=tuple(PARTS), help="only this part, the rest stays as it was measured")
    parser.add_argument("--redraw", action="store_true", help="draw what was measured before")
    parser.add_argument("--memory-of", choices=tuple(MEMORY), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        memory_of(options.memory_of)
        return 0
    if not options.quick:
        ask_for()
    if options.redraw:
        draw(committed(), PLOTS / "speed.svg")
        return 0
    rows: list[Row] = []
    for name, part in PARTS.items():
        if options.part in (None, name):
            found = part(options.quick)
            for row in found:
                print(f"{row['part']:9} {row['case']:45} {row['value']:12.4g} {row['share']:8.3g}", flush=True)
        else:
            found = [r for r in committed() if r["part"] == name]
        rows += found
    if not options.quick:
        short = ({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in r.items()} for r in rows)
        write_csv(PLOTS / "speed.csv", list(rows[0]), short)
        machine = f"{_cpu()}, {THREADS} threads, NumPy {np.__version__}, Numba {numba.__version__}."
        put_table(DOCUMENT, [machine], "machine")
        for name, text in tables(committed()).items():
            put_table(DOCUMENT, text, name)
        draw(committed(), PLOTS / "speed.svg")
    return 0


def _cpu() -> str:
    text = Path("/proc/cpuinfo").read_text()
    name = next((x.split(":")[1].strip() for x in text.splitlines() if x.startswith("model name")), "CPU unknown")
    wide = "AVX-512 with vpopcntdq" if "avx512_vpopcntdq" in text else "AVX2" if "avx2" in text else os.uname().machine
    return f"{name}, {wide}"


if __name__ == "__main__":
    sys.exit(main())
