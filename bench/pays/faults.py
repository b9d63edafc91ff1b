"""Accuracy of the committed networks under faults, stochastic and binary datapaths; simulated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from sc_neurocore import artifact, data, figures
from sc_neurocore.faults import SITES, FaultModel, exposure, run
from sc_neurocore.network import Network

from .common import Row, figure, markdown, save

__all__ = ["draw", "measure", "table"]

NETWORKS = Path(__file__).resolve().parents[2] / "train" / "networks"
IMAGES = 2000  # the first of the test part; digits has 360
SEEDS = 5
RATES = (0.0001, 0.001, 0.01, 0.03, 0.1, 0.2)
STUCK = (0.001, 0.01, 0.03, 0.1, 0.2)
SHOWN = ("0.001", "0.01", "0.1", "0.2")  # rates of the table
#: Stuck bits of products, and synapses of which all bits are stuck.
#: Of SITES, then of the kinds of stuck synapses.
COLOURS = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.RED, figures.BLACK, figures.PURPLE)
KINDS = ("stuck_at_0", "stuck_at_1", "synapse_stuck_at_0", "synapse_stuck_at_1")
#: The same codes in binary, of log₂ L bits, and the same weights in 8 bits: datapath, and L, None for the network's.
PEERS: dict[str, tuple[str, int | None]] = {
    "stochastic": ("stochastic", None),
    "binary": ("binary", None),
    "binary, 8 bits": ("binary", 256),
}


def at_length(network: Network, length: int | None) -> Network:
    """Return the network at another length with the same values; on the binary datapath its words have more bits."""
    factor = 1 if length is None else length // network.length
    layers = [
        replace(x, weights=x.weights.astype(int) * factor, bias=x.bias.astype(int) * factor) for x in network.weighted
    ]
    return replace(network, length=network.length * factor, layers=tuple(layers))


def measure(quick: bool) -> list[Row]:
    """Return a row for each network, datapath, kind of fault and rate: accuracy over the seeds in percent."""
    rows = []
    for name in ("digits",) if quick else ("digits", "mnist-small"):
        own = artifact.load(NETWORKS / name)
        part = data.load_part(own.input.dataset)
        labels = part.y[:IMAGES]
        for peer, (datapath, length) in PEERS.items():
            network = at_length(own, length)
            codes = network.input.encode(part.x[:IMAGES], network.length)

            def accuracy(faults: FaultModel, net=network, codes=codes, labels=labels, datapath=datapath) -> float:  # type: ignore[no-untyped-def]
                return float((run(net, codes, faults, datapath).classes == labels).mean() * 100)

            exposed = exposure(network, datapath)
            cases = [("none", 0.0)] + [(s, r) for s in SITES for r in RATES] + [(k, r) for k in KINDS for r in STUCK]
            for kind, rate in cases:
                if quick and rate not in (0.0, 0.1):
                    continue
                bit = kind.removeprefix("synapse_")
                field = {} if kind == "none" else {bit if kind in KINDS else f"{kind}_ber": rate}
                seeds = range(1 if kind == "none" else SEEDS)
                whole = kind.startswith("synapse_")
                found = [accuracy(FaultModel(**field, seed=s, stuck_synapses=whole)) for s in seeds]
                flips = exposed.get(kind, 0) * rate
                rows.append(
                    {
                        "network": name,
                        "datapath": peer,
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
    fig, axes = figure(2 * len(names), height=3.0)
    colours = dict(zip((*SITES, *KINDS[2:]), COLOURS, strict=True))
    # The binary curves of few and of 8 bits lie on each other.
    styles = {"stochastic": "-o", "binary, 8 bits": "--s"}
    # What a colour means, then what a line means: less to read than a line for each of both.
    for kind, colour in colours.items():
        axes[0].plot([], [], "-", color=colour, linewidth=4, label=kind.removeprefix("synapse_").replace("_", " "))
    for peer, style in styles.items():
        axes[0].plot([], [], style, color=figures.GREY, label="SC" if peer == "stochastic" else peer)
    for k, name in enumerate(names):
        # A stuck bit and a stuck synapse are the same gate in SC; binary is drawn with whole synapses.
        for ax, kinds in zip(axes[2 * k : 2 * k + 2], (SITES, KINDS[2:]), strict=True):
            for kind in kinds:
                for peer, style in styles.items():
                    chosen = [r for r in rows if (r["network"], r["datapath"], r["fault"]) == (name, peer, kind)]
                    x, y, e = ([float(r[w]) for r in chosen] for w in ("rate", "accuracy", "std"))
                    ax.errorbar(x, y, e, fmt=style, color=colours[kind], elinewidth=0.8)
            flips = kinds is SITES
            ax.set(xscale="log", ylim=(0, 102), title=f"{name}: {'bit flips' if flips else 'stuck synapses'}")
            ax.set(xlabel="bit error rate p" if flips else "fraction of synapses stuck", ylabel="accuracy, %")
            figures.plain_ticks(ax.xaxis)
        axes[2 * k + 1].set_ylabel("")
    figures.legend_below(fig, axes[:1], 4)
    save(fig, path)  # type: ignore[arg-type]


def table(rows: list[Row]) -> str:
    """Return accuracy by kind of fault for some rates, the datapaths side by side."""
    names = list(dict.fromkeys(r["network"] for r in rows))
    by = {(r["network"], r["datapath"], r["fault"], r["rate"]): r for r in rows}
    body = []
    for name in names:
        plain = " / ".join(by[name, d, "none", "0"]["accuracy"] for d in PEERS)
        body.append([name, "none", *[plain] * len(SHOWN)])
        for kind in (*SITES, *KINDS):
            cells = []
            for rate in SHOWN:
                found = (by[name, d, kind, rate] for d in PEERS)
                cells.append(" / ".join(f"{r['accuracy']} ± {r['std']}" for r in found))
            body.append([name, kind, *cells])
    return markdown(["network", "fault", *(f"{rate}: SC / binary / binary, 8 bits" for rate in SHOWN)], body)
