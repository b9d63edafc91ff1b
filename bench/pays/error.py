"""Error of the AND product against the length, for every ordered pair of number sources; simulated, all codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sc_neurocore import figures
from sc_neurocore.sources import lfsr, parse, source

from .common import Row, figure, markdown, save

__all__ = ["CONTRACT", "draw", "joint_counts", "measure", "statistics", "table"]

# lfsr:half starts where lfsr:1 is after half a window: the same register, half a period apart. random: a number drawn
# for each clock, so that the stream is Bernoulli; a reference, beside "counter" and itself only, over several draws.
SOURCES = ("counter", "vdc", "sobol:1", "sobol:2", "sobol:3", "lfsr:1", "lfsr:half", "random")
CONTRACT = ("counter", "vdc")
#: Those of SOURCES that no registry has.
OWN = ("random",)
LENGTHS = tuple(1 << n for n in range(2, 13))


def numbers(name: str, length: int, draw_number: int) -> NDArray[np.int64]:
    """Return r(t); `draw_number` tells apart the draws of "random"."""
    if name == "random":
        return np.random.default_rng([length, draw_number]).integers(0, length, length)
    if name == "lfsr:half":
        return lfsr(length, int(lfsr(length)[length // 2]))
    return source(name, length)


def joint_counts(rx: NDArray[np.int64], rw: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return F[X, W] = #{t : X > rx(t), W > rw(t)} for X, W = 0 … L: a sum over the corner of the points (rx, rw)."""
    length = len(rx)
    points = np.zeros((length + 1, length + 1), dtype=np.int32)
    np.add.at(points, (rx + 1, rw + 1), 1)
    return points.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32).astype(np.int64)


def statistics(rx: NDArray[np.int64], rw: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (Σe², Σ|e|, max |e|, Σe, pairs) for X from rx and W from rw, and for X from rw and W from rx.

    e = F / L − X·W / L², over X = 0 … L and W = 0 … L − 1: all codes of an activation and of a weight.
    """
    length = len(rx)
    code = np.arange(length + 1)
    e = joint_counts(rx, rw) * length
    e -= code[:, None] * code
    out = []
    for part in (e[:, :-1], e[:-1, :]):
        scaled = part.ravel() / float(length * length)
        size = np.abs(scaled)
        out.append(np.array([scaled @ scaled, size.sum(), size.max(), scaled.sum(), scaled.size]))
    return out[0], out[1]


def _has(name: str, length: int) -> bool:
    return name in OWN or parse(name.replace(":half", ""))[0].takes(length)


def measure(quick: bool, sources: Sequence[str] = SOURCES) -> list[Row]:
    """Return a row for each length and each ordered pair of `sources`.

    They may be any that are registered, one from outside the package too, beside those of SOURCES.
    """
    rows = []
    for length in LENGTHS[: 5 if quick else None]:
        names = [s for s in sources if _has(s, length)]
        found: dict[tuple[str, str], NDArray[np.float64]] = {}
        for k, a in enumerate(names):
            for b in names[k:]:
                random = "random" in (a, b)
                if (a == b and not random) or (random and a not in ("counter", "random")):
                    continue
                draws = max(4, min(256, 4096 // length)) if random else 1
                sums = np.zeros((2, 5))
                for d in range(draws):
                    new = np.array(statistics(numbers(a, length, 2 * d), numbers(b, length, 2 * d + 1)))
                    worst = np.maximum(sums[:, 2], new[:, 2])
                    sums += new
                    sums[:, 2] = worst
                found[a, b] = sums[0]
                found.setdefault((b, a), sums[1])
        for a in names:
            for b in names:
                if (a, b) in found:
                    square, size, worst, signed, pairs = found[a, b]
                    values = [(square / pairs) ** 0.5, size / pairs, worst, signed / pairs]
                    row = {"L": str(length), "activation": a, "weight": b}
                    names_of = ("rmse", "mean_abs", "max_abs", "bias")
                    rows.append(row | {k: f"{v:.4g}" for k, v in zip(names_of, values, strict=True)})
    return rows


def _curves(rows: list[Row], pair: tuple[str, str], what: str) -> tuple[list[int], list[float]]:
    chosen = [r for r in rows if (r["activation"], r["weight"]) == pair]
    return [int(r["L"]) for r in chosen], [abs(float(r[what])) for r in chosen]


SHOWN = (
    (CONTRACT, "counter, vdc (the contract)", figures.BLACK, "-o"),
    (("counter", "sobol:1"), "counter, sobol:1", figures.BLUE, "-s"),
    (("vdc", "sobol:1"), "vdc, sobol:1", figures.GREEN, "--^"),
    (("counter", "lfsr:1"), "counter, lfsr", figures.ORANGE, "-v"),
    (("lfsr:1", "lfsr:half"), "lfsr, lfsr half a period on", figures.RED, "-D"),
    (("random", "random"), "random, random", figures.GREY, ":"),
)


def draw(rows: list[Row], path: object) -> None:
    """Draw RMSE and greatest error against L."""
    fig, axes = figure(2)
    for ax, what, title in zip(axes, ("rmse", "max_abs"), ("root mean square error", "greatest error"), strict=True):
        for pair, label, colour, look in SHOWN:
            x, y = _curves(rows, pair, what)
            ax.loglog(x, y, look, color=colour, label=label, base=2)
        ax.set(xlabel="stream length L", title=f"{title} of x ∧ w, all codes")
        ax.set_yscale("log", base=10)
        figures.plain_ticks(ax.xaxis, [4, 16, 64, 256, 1024, 4096])
        figures.plain_ticks(ax.yaxis)
    figures.legend_below(fig, axes, 3)
    save(fig, path)  # type: ignore[arg-type]


def table(rows: list[Row]) -> str:
    """Return the RMSE of every pair at the short lengths, and the error about its mean; the two orders in one line."""
    lengths = [n for n in (8, 16, 32, 256) if any(r["L"] == str(n) for r in rows)]
    by = {(r["activation"], r["weight"], int(r["L"])): r for r in rows}
    order = list(dict.fromkeys([*SOURCES, *(r["activation"] for r in rows)]))

    def about(a: str, w: str, n: int) -> float:
        row = by[a, w, n]
        return float((float(row["rmse"]) ** 2 - float(row["bias"]) ** 2) ** 0.5)

    body = []
    pairs = {(a, w): [about(a, w, n) for n in lengths] for a, w, _ in by if (a, w, lengths[0]) in by}
    for a, w in sorted(pairs, key=lambda p: pairs[p][1]):
        plain = [f"{float(by[a, w, n]['rmse']):.4f}" for n in lengths]
        spread = [f"{v:.4f}" for v in pairs[a, w]]
        turned = [f"{float(by[w, a, n]['rmse']):.4f}" for n in lengths]
        if turned == plain and order.index(a) > order.index(w):
            continue
        name = f"{a}, {w}" + (" and back" if turned == plain and a != w else "")
        body.append([f"**{name}**" if (a, w) == CONTRACT else name, *plain, *spread])
    titles = ["activation, weight", *(f"L = {n}" for n in lengths), *(f"about its mean, {n}" for n in lengths)]
    return markdown(titles, body)
