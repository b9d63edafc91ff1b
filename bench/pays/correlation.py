"""Correlation of the operands: what it does to the AND product and to a network; simulated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sc_neurocore import artifact, data, figures
from sc_neurocore.network import Network
from sc_neurocore.neurons import classify, window_if
from sc_neurocore.sources import lfsr, source, vdc
from sc_neurocore.streams import correlate, decorrelate, popcount, scc, sng

from .common import Row, figure, markdown, save

__all__ = ["classes", "draw", "measure", "operands", "table"]

NETWORKS = Path(__file__).resolve().parents[2] / "train" / "networks"
LENGTHS = (32, 256)
IMAGES = 2000
Bits = NDArray[np.bool_]


def operands(length: int) -> dict[str, tuple[Bits, Bits]]:
    """Return the streams of the codes 1 … L − 1 for each way to make them: x (L − 1, 1, L) and w (1, L − 1, L)."""
    codes = np.arange(1, length)

    def pair(rx: NDArray[np.int64], rw: NDArray[np.int64]) -> tuple[Bits, Bits]:
        return sng(codes[:, None, None], rx), sng(codes[None, :, None], rw)

    counter, v, f = source("counter", length), vdc(length), lfsr(length)
    out = {"counter, vdc (contract)": pair(counter, v)}
    out["shared source: vdc"] = pair(v, v)
    out["shared source: lfsr"] = pair(f, f)
    out["inverted source: vdc"] = pair(v, length - 1 - v)
    for shift in (1, length // 4, length // 2):
        out[f"vdc, shifted by {shift}"] = pair(v, np.roll(v, -shift))
    for shift in (1, length // 4, length // 2):
        # The register goes on: a shift beyond the period, not a copy of the window.
        out[f"lfsr, shifted by {shift}"] = pair(f, lfsr(length, int(f[shift])))
    for depth in (1, 4, 16):
        out[f"contract, correlator of depth {depth}"] = correlate(*out["counter, vdc (contract)"], depth)
    shared = out["shared source: vdc"]
    for log2_depth in (1, 2, 4):
        # Both operands through a buffer each, at addresses of two sources that have nothing to do with the first.
        addresses = [source(s, length) % (1 << log2_depth) for s in ("lfsr", "sobol:2")]
        both = [decorrelate(s, a, log2_depth) for s, a in zip(shared, addresses, strict=True)]
        out[f"shared vdc, decorrelators of {1 << log2_depth} bits"] = (both[0], both[1])
    return out


def classes(
    network: Network, codes: NDArray[np.uint16], rx: NDArray[np.int64], rw: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the classes where activations take rx and weights rw, of shape (L,): any sources, even the same."""
    x = codes.astype(np.int64)
    for layer in network.layers:
        with_bias = np.concatenate([x, np.full((len(x), 1), network.length)], axis=1)
        synapses = layer.synapses.astype(np.int64)
        bits = sng(with_bias[..., None], rx).reshape(len(x), -1)
        signed = sng(np.abs(synapses)[..., None], rw) * np.sign(synapses)[..., None]
        s = np.rint(bits.astype(np.float64) @ signed.reshape(len(synapses), -1).T.astype(np.float64)).astype(np.int64)
        if layer.theta is None:
            return classify(s)
        x = window_if(s, layer.theta, network.theta_frac, network.length)
    raise AssertionError("Network guarantees a readout layer")


def measure(quick: bool) -> list[Row]:
    """Return rows on products, one for each length and way, then rows on networks, one for each pair of sources."""
    rows = []
    for length in LENGTHS[: 1 if quick else None]:
        grid = np.arange(1, length)
        wanted = np.outer(grid, grid) / length**2
        for way, (x, w) in operands(length).items():
            e = popcount(x & w) / length - wanted
            values = {
                "scc": scc(x, w).mean(), "rmse": np.sqrt((e**2).mean()), "mean_abs": np.abs(e).mean(), "bias": e.mean()
            }  # fmt: skip
            rows.append(
                {"what": "product", "L": str(length), "way": way}
                | {k: f"{v:.4f}" for k, v in values.items()}
                | {"accuracy": ""}
            )
    for name in ("digits",) if quick else ("digits", "mnist-small"):
        network = artifact.load(NETWORKS / name)
        part = data.load_part(network.input.dataset)
        codes, labels = network.input.encode(part.x[:IMAGES], network.length), part.y[:IMAGES]
        length = network.length
        counter = source("counter", length)
        ways = {f"counter, {s}": source(s, length) for s in ("vdc", "sobol:1", "sobol:2", "lfsr:1")}
        ways["counter, random"] = np.random.default_rng(0).integers(0, length, length)
        ways["counter, counter (shared)"] = counter
        ways["counter, inverted counter"] = length - 1 - counter
        grid = np.arange(1, length)
        for way, rw in ways.items():
            x, w = sng(grid[:, None, None], counter), sng(grid[None, :, None], rw)
            accuracy = (classes(network, codes, counter, rw) == labels).mean() * 100
            blank = dict.fromkeys(("rmse", "mean_abs", "bias"), "")
            rows.append(
                {"what": name, "L": str(length), "way": way, "scc": f"{scc(x, w).mean():.4f}"}
                | blank
                | {"accuracy": f"{accuracy:.2f}"}
            )
    return rows


def draw(rows: list[Row], path: object) -> None:
    """Draw the mean error against mean SCC beside the line of theory, and the accuracies."""
    fig, axes = figure(2, columns=1, height=3.3)
    looks = {
        "contract": (figures.BLACK, "*"),
        "shared source": (figures.RED, "o"),
        "inverted": (figures.PURPLE, "P"),
        "vdc, shifted": (figures.BLUE, "s"),
        "lfsr, shifted": (figures.ORANGE, "v"),
        "correlator": (figures.GREEN, "^"),
        "decorrelators": (figures.SKY, "D"),
    }
    length = max(int(r["L"]) for r in rows if r["what"] == "product")
    p = np.arange(1, length) / length
    product, least, most = np.outer(p, p), np.maximum(np.add.outer(p, p) - 1, 0), np.minimum.outer(p, p)
    up, down = (most - product).mean(), (product - least).mean()
    axes[0].plot([-1, 0, 1], [-down, 0, up], color=figures.BLACK, linewidth=0.8, label="one SCC for all codes")
    seen = set()
    for row in rows:
        if row["what"] != "product" or int(row["L"]) != length:
            continue
        kind = next(k for k in ("decorrelators", "correlator", *looks) if k in row["way"])
        label = None if kind in seen else {"contract": "counter, vdc"}.get(kind, kind)
        seen.add(kind)
        colour, marker = looks[kind]
        # Streams of one shifted source lie on the same point as those of a shared one, and are drawn over it.
        size = 12 if kind == "shared source" else 7
        axes[0].plot(float(row["scc"]), float(row["bias"]), marker, color=colour, markersize=size, label=label)
    axes[0].set(
        xlabel="mean SCC of the operands", ylabel="mean error of x ∧ w", title=f"L = {length}, all pairs of codes"
    )
    nets = list(dict.fromkeys(r["what"] for r in rows if r["what"] != "product"))
    for k, name in enumerate(nets):
        chosen = [r for r in rows if r["what"] == name]
        at = np.arange(len(chosen)) + 0.4 * k
        # Greys and hatches: the colours are those of the ways beside.
        look = {"color": ("0.45", "0.8")[k % 2], "hatch": (None, "//")[k % 2], "edgecolor": "k", "linewidth": 0.6}
        bars = axes[1].barh(at, [float(r["accuracy"]) for r in chosen], 0.38, label=name, **look)
        axes[1].bar_label(bars, [r["accuracy"] for r in chosen], fontsize=9, padding=3)
    axes[1].set_yticks(np.arange(len(chosen)) + 0.2 * (len(nets) - 1), [r["way"] for r in chosen])
    axes[1].set(xlabel="accuracy, %", title="sources of activations, weights", xlim=(0, 118), xticks=range(0, 101, 20))
    axes[1].invert_yaxis()
    axes[1].grid(visible=False, axis="y")
    for ax in axes:
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    save(fig, path)  # type: ignore[arg-type]


def table(rows: list[Row]) -> str:
    """Return the product table at the greatest length, and the accuracies."""
    products = [r for r in rows if r["what"] == "product"]
    body = []
    for way in dict.fromkeys(r["way"] for r in products if r["L"] == "256"):
        row = next(r for r in products if r["way"] == way and r["L"] == "256")
        body.append([way, row["scc"], row["bias"], row["rmse"]])
    first = markdown(["operands, L = 256", "mean SCC", "mean error", "RMSE"], body)
    nets = list(dict.fromkeys(r["what"] for r in rows if r["what"] != "product"))
    cells = []
    for way in dict.fromkeys(r["way"] for r in rows if r["what"] != "product"):
        found = [next(r for r in rows if r["what"] == n and r["way"] == way) for n in nets]
        cells.append([way, found[0]["scc"], *(f["accuracy"] for f in found)])
    return first + "\n" + markdown(["activations, weights", "mean SCC", *(f"{n}, %" for n in nets)], cells)
