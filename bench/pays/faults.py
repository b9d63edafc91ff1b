"""Accuracy of the committed networks under faults, stochastic and binary datapath; simulated."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sc_neurocore import artifact, data
from sc_neurocore.faults import DATAPATHS, SITES, FaultModel, exposure, run

from .common import Row, figure, markdown, save

__all__ = ["draw", "measure", "table"]

NETWORKS = Path(__file__).resolve().parents[2] / "train" / "networks"
IMAGES = 2000  # the first of the test part; digits has 360
SEEDS = 5
RATES = (0.0001, 0.001, 0.01, 0.03, 0.1, 0.2)
STUCK = (0.001, 0.01, 0.03, 0.1, 0.2)
KINDS = ("stuck_at_0", "stuck_at_1")


def measure(quick: bool) -> list[Row]:
    """Return a row a network, datapath, kind of fault and rate: accuracy over the seeds in percent."""
    rows = []
    for name in ("digits",) if quick else ("digits", "mnist-small"):
        network = artifact.load(NETWORKS / name)
        part = data.load_part(network.input.dataset)
        codes, labels = network.input.encode(part.x[:IMAGES], network.length), part.y[:IMAGES]

        def accuracy(faults: FaultModel, datapath: str, net=network, codes=codes, labels=labels) -> float:  # type: ignore[no-untyped-def]
            return float((run(net, codes, faults, datapath).classes == labels).mean() * 100)

        for datapath in DATAPATHS:
            exposed = exposure(network, datapath)
            cases = [("none", 0.0)] + [(s, r) for s in SITES for r in RATES] + [(k, r) for k in KINDS for r in STUCK]
            for kind, rate in cases:
                if quick and rate not in (0.0, 0.001, 0.1):
                    continue
                field = {} if kind == "none" else {kind if kind in KINDS else f"{kind}_ber": rate}
                seeds = range(1 if kind == "none" else SEEDS)
                found = [accuracy(FaultModel(**field, seed=s), datapath) for s in seeds]
                flips = exposed.get(kind, 0) * rate
                rows.append(
                    {
                        "network": name,
                        "datapath": datapath,
                        "fault": kind,
                        "rate": f"{rate:g}",
                        "accuracy": f"{np.mean(found):.2f}",
                        "std": f"{np.std(found):.2f}",
                        "flips_per_inference": f"{flips:.4g}" if kind in exposed else "",
                    }
                )
    return rows


def draw(rows: list[Row], path: object) -> None:
    """Draw accuracy against the rate: a panel a network and class of fault."""
    names = list(dict.fromkeys(r["network"] for r in rows))
    fig, axes = figure(2 * len(names), width=3.1, height=3.4)
    for k, name in enumerate(names):
        for ax, kinds in zip(axes[2 * k : 2 * k + 2], (SITES, KINDS), strict=True):
            for c, kind in enumerate(kinds):
                for datapath in DATAPATHS:
                    chosen = [r for r in rows if (r["network"], r["datapath"], r["fault"]) == (name, datapath, kind)]
                    x, y, e = ([float(r[w]) for r in chosen] for w in ("rate", "accuracy", "std"))
                    style = "-o" if datapath == "stochastic" else "--s"
                    short = "SC" if datapath == "stochastic" else "binary"
                    ax.errorbar(x, y, e, fmt=style, color=f"C{c}", label=f"{kind}, {short}", elinewidth=0.7)
            flips = kinds is SITES
            ax.set(xscale="log", ylim=(0, 102), title=f"{name}: {'bit flips' if flips else 'stuck product bits'}")
            ax.set(xlabel="bit error rate p" if flips else "fraction of product bits stuck", ylabel="accuracy, %")
        axes[2 * k + 1].set_ylabel("")
    shown = [entry for ax in axes[:2] for entry in zip(*ax.get_legend_handles_labels(), strict=True)]
    fig.legend(*zip(*shown, strict=True), loc="outside lower center", ncols=6, fontsize=7)
    save(fig, path)  # type: ignore[arg-type]


def table(rows: list[Row]) -> str:
    """Return accuracy by site for some rates, stochastic and binary side by side."""
    names = list(dict.fromkeys(r["network"] for r in rows))
    by = {(r["network"], r["datapath"], r["fault"], r["rate"]): r for r in rows}
    body = []
    for name in names:
        plain = " / ".join(by[name, d, "none", "0"]["accuracy"] for d in DATAPATHS)
        body.append([name, "none", plain, plain, plain])
        for kind in (*SITES, *KINDS):
            cells = []
            for rate in ("0.001", "0.01", "0.1"):
                cells.append(
                    " / ".join(
                        f"{by[name, d, kind, rate]['accuracy']} ± {by[name, d, kind, rate]['std']}" for d in DATAPATHS
                    )
                )
            body.append([name, kind, *cells])
    return markdown(["network", "fault", "0.001: SC / binary", "0.01: SC / binary", "0.1: SC / binary"], body)
