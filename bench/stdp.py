"""STDP: its curve, and features of digits learnt by it without labels: docs/stdp.md's tables, docs/plots/stdp*.

    python bench/stdp.py            about 3 minutes of one core
    python bench/stdp.py --quick    few images and one seed, printed and not written
    python bench/stdp.py --redraw   docs/plots/stdp.svg anew, from the rows that are there

The features are chosen without a label, the readout is fitted on the training part, its one parameter (alpha) chosen on
the validation part, for learnt and for random features apart; the test part is used once, for the figures.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from document import put_table, table, write_csv
from pays.common import ask_for, figure, read, save
from sc_neurocore import LinearReadout, StochasticSTDPSynapse, VectorizedSCLayer, data, figures
from sc_neurocore.data import Dataset
from sc_neurocore.progress import Progress
from sc_neurocore.synapses import StdpRule, StochasticSTDPMatrix

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "stdp.md"
PLOTS = ROOT / "docs" / "plots"
Floats = NDArray[np.float64]

#: window_size and ltd_ratio of the curves.
CURVES = ((5, 0.5), (10, 0.5), (10, 1.0))
NEURONS, SEEDS = (10, 20, 40), range(5)
ALPHAS = (0.1, 1.0, 10.0)
LENGTH = 256
RULE = StdpRule(learning_rate=0.05, window_size=4, ltd_ratio=0.3)


def change(interval: int, window: int, ltd_ratio: float) -> float:
    """Return what a pair of spikes does to a weight of 0.5 in [0, 1]; interval: clocks from pre to post."""
    synapse = StochasticSTDPSynapse(0.0, 1.0, 64, 0.5, 0, window_size=window, ltd_ratio=ltd_ratio)
    start = abs(interval)
    for t in range(2 * start + 1):
        synapse.process_step(int(t == start), int(t == start + interval))
    return synapse.w - 0.5


def curves() -> list[dict[str, float]]:
    """Measure the change of a weight against Δt = post − pre."""
    return [
        {"window_size": window, "ltd_ratio": ratio, "delta_t": k, "change": change(k, window, ratio)}
        for window, ratio in CURVES
        for k in range(-13, 14)
    ]


@dataclass(frozen=True, slots=True)
class Competition:
    """Neurons that compete for images.

    Each image is shown as the clocks of its input streams, one after the other. The first neuron to fire wins.

    Attributes:
        clocks: Clocks of an image.
        total: What the weights of a neuron sum up to after every image.
        threshold: The threshold at first.
        adapt: How much a threshold rises for each spike above the mean of all neurons, and falls for each one below.
        rounds: How often all images are shown.
        rule: The rule by which weights change.
    """

    clocks: int = 16
    total: float = 16.0
    threshold: float = 20.0
    adapt: float = 1.0
    rounds: int = 2
    rule: StdpRule = RULE


def normalised(w: Floats, total: float) -> Floats:
    """Return weights in [0, 1] whose rows sum up to `total`, as near as the range lets them."""
    for _ in range(4):
        w = np.clip(w * (total / w.sum(axis=1, keepdims=True)), 0.0, 1.0)
    return w


def random_weights(inputs: int, neurons: int, seed: int, total: float) -> Floats:
    """Return the weights that learning starts from, which are the random features too."""
    return normalised(np.random.default_rng(seed).uniform(0.0, 1.0, (neurons, inputs)), total)


def learn(x: Floats, neurons: int, seed: int, how: Competition, progress: Progress | None = None) -> Floats:
    """Return weights (neurons, inputs) learnt from images x (n, inputs) in [0, 1], which have no labels.

    Every pixel is a Bernoulli stream, every weight too; a neuron counts the bits of pre ∧ weight. One that reaches its
    threshold fires, the one furthest above it if there are several, and all start again from 0; its spike is the post
    bit of the next clock.
    """
    random = np.random.default_rng([seed, 1])
    synapses = StochasticSTDPMatrix(
        random_weights(x.shape[1], neurons, seed, how.total), 0.0, 1.0, LENGTH, seed, how.rule
    )
    threshold = np.full(neurons, how.threshold)
    order = np.concatenate([random.permutation(len(x)) for _ in range(how.rounds)])
    for done, image in enumerate(order):
        streams = random.random((how.clocks, x.shape[1])) < x[image]
        synapses.reset()
        v, spikes, post = np.zeros(neurons), np.zeros(neurons), np.zeros(neurons, dtype=bool)
        for bits in streams:
            v += synapses.process_step(bits, post).sum(axis=1)
            post = np.zeros(neurons, dtype=bool)
            best = int(np.argmax(v - threshold))
            if v[best] >= threshold[best]:
                post[best] = True
                spikes[best] += 1
                v[:] = 0.0
        synapses.w = normalised(synapses.w, how.total)
        threshold += how.adapt * (spikes - spikes.mean())
        if progress and done % 100 == 0:
            progress(done, len(order))
    if progress:
        progress(len(order), len(order))
    return synapses.w


def features(w: Floats, x: Floats) -> Floats:
    """Return the rates of a layer of streams on x; each weight is taken relative to its mean over the neurons.

    So neurons inhibit each other in equal parts, and a rate says how much better than the mean a feature fits.
    """
    signed = w - w.mean(axis=0)
    layer = VectorizedSCLayer(w.shape[1], len(w), LENGTH, seed=0, gain=0.5)
    layer.weights = signed / np.abs(signed).max()
    return layer.forward(x)


def pixels(part: NDArray[np.unsignedinteger], full_scale: int) -> Floats:
    """Return images as rows of numbers in [0, 1]."""
    return part.reshape(len(part), -1) / full_scale


def readout_accuracy(w: Floats, digits: Dataset) -> float:
    """Return the test accuracy, in percent, of a linear readout on the features of w."""
    targets = np.eye(int(digits.y_train.max()) + 1)[digits.y_train]
    train, val, test = (
        features(w, pixels(p, digits.full_scale)) for p in (digits.x_train, digits.x_val, digits.x_test)
    )
    fitted = [LinearReadout(alpha).fit(train, targets) for alpha in ALPHAS]
    best = max(fitted, key=lambda r: float((r.predict(val).argmax(axis=1) == digits.y_val).mean()))
    return 100 * float((best.predict(test).argmax(axis=1) == digits.y_test).mean())


def compare(digits: Dataset, neurons: tuple[int, ...], seeds: range, how: Competition) -> list[dict[str, float]]:
    """Return a row a number of neurons and seed: test accuracy on random and on learnt features."""
    rows = []
    x = pixels(digits.x_train, digits.full_scale)
    for n in neurons:
        for seed in seeds:
            learnt = learn(x, n, seed, how, Progress(f"{n} neurons, seed {seed}"))
            start = random_weights(x.shape[1], n, seed, how.total)
            rows.append(
                {
                    "neurons": n,
                    "seed": seed,
                    "random": readout_accuracy(start, digits),
                    "learnt": readout_accuracy(learnt, digits),
                }
            )
    return rows


def lines(rows: list[dict[str, float]]) -> list[str]:
    """Return the table of accuracies."""
    out: list[list[object]] = []
    for n in dict.fromkeys(r["neurons"] for r in rows):
        mine = [r for r in rows if r["neurons"] == n]
        a, b = (np.array([r[which] for r in mine]) for which in ("random", "learnt"))
        spread = [f"{v.mean():.2f} ± {v.std(ddof=1):.2f}" if len(v) > 1 else f"{v[0]:.2f}" for v in (a, b, b - a)]
        out.append([int(n), *spread, f"{int((b > a).sum())} of {len(mine)}"])
    return table(["features", "random %", "STDP %", "difference", "seeds where STDP is ahead"], out)


def draw(changes: list[dict[str, float]], rows: list[dict[str, float]]) -> None:
    """Draw the curves and the accuracies."""
    fig, axes = figure(2)
    shapes = ((figures.BLUE, "-o"), (figures.RED, "--s"), (figures.GREEN, "-.^"))
    for (window, ratio), (colour, look) in zip(CURVES, shapes, strict=True):
        mine = [r for r in changes if (r["window_size"], r["ltd_ratio"]) == (window, ratio)]
        label = f"window_size {window}, ltd_ratio {ratio:g}"
        axes[0].plot([r["delta_t"] for r in mine], [r["change"] for r in mine], look, color=colour, label=label)
    axes[0].set(xlabel="Δt = post − pre, clocks", ylabel="change of w, learning_rate 0.01", title="a pair of spikes")
    for k, (which, colour, look) in enumerate((("random", figures.GREY, "--"), ("learnt", figures.ORANGE, "-"))):
        for n in NEURONS:
            values = [r[which] for r in rows if r["neurons"] == n]
            axes[1].plot([n * (0.97 + 0.06 * k)] * len(values), values, "os"[k], color=colour, alpha=0.6)
        means = [np.mean([r[which] for r in rows if r["neurons"] == n]) for n in NEURONS]
        name = {"random": "random features", "learnt": "features by STDP"}[which]
        axes[1].plot(NEURONS, means, look, color=colour, label=name)
    axes[1].set_xscale("log", base=2)
    axes[1].set_xticks(NEURONS, [str(n) for n in NEURONS])
    axes[1].set(xlabel="features", ylabel="test accuracy, %", title="digits, linear readout")
    figures.legend_below(fig, axes, 3)
    save(fig, PLOTS / "stdp.svg")


def write(path: Path, rows: list[dict[str, float]]) -> None:
    """Write rows as CSV, with six figures of each number."""
    write_csv(path, list(rows[0]), ({k: f"{v:.6g}" for k, v in r.items()} for r in rows))


def numbers(path: Path) -> list[dict[str, float]]:
    """Return the rows of such a file."""
    return [{k: float(v) for k, v in row.items()} for row in read(path)]


def quick_part(digits: Dataset, images: int) -> Dataset:
    """Return the data with fewer training images."""
    return replace(digits, x_train=digits.x_train[:images], y_train=digits.y_train[:images])


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few images and one seed, printed and not written")
    parser.add_argument("--redraw", action="store_true", help="draw what was measured before")
    options = parser.parse_args()
    quick = options.quick
    if not quick:
        ask_for()
    if options.redraw:
        draw(*(numbers(PLOTS / name) for name in ("stdp_curve.csv", "stdp.csv")))
        return 0
    digits = data.load("digits")
    changes = curves()
    if quick:
        rows = compare(quick_part(digits, 300), (10,), range(1), Competition())
    else:
        rows = compare(digits, NEURONS, SEEDS, Competition())
        write(PLOTS / "stdp_curve.csv", changes)
        write(PLOTS / "stdp.csv", rows)
        put_table(DOCUMENT, lines(rows))
        draw(changes, rows)
    print("\n".join(lines(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
