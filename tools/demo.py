"""`make demo`: the whole pipeline, with a table at its end. A second run reuses what is up to date."""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

from sc_neurocore import artifact, data
from sc_neurocore.errors import ScError
from sc_neurocore.evaluate import Evaluation, evaluate
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.build import build
from sc_neurocore.hardware.flow import flow_tools
from sc_neurocore.hardware.tools import verilator_env
from sc_neurocore.network import Network
from sc_neurocore.packages import require_packages
from sc_neurocore.progress import Progress
from sc_neurocore.training import train

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "build" / "demo"
MNIST = ROOT / "train" / "networks" / "mnist-small"
SPIKING = ROOT / "train" / "networks" / "digits-spiking"
#: Images that go over the virtual board's serial line, bit by bit.
ON_BOARD = 60
BOARD = "icebreaker"


def say(text: str) -> None:
    """Print a line of progress."""
    print(text, file=sys.stderr, flush=True)


def sources_hash() -> str:
    """Return a hash of all that decides what training gives: the package and the recipes."""
    h = hashlib.sha256()
    for path in sorted([*ROOT.glob("model/**/*.py"), *ROOT.glob("train/*/recipe.toml"), ROOT / "constraints.txt"]):
        h.update(path.read_bytes())
    return h.hexdigest()


def trained_digits() -> Network:
    """Return the digits network: trained now, or loaded if the same sources gave it before.

    The hash of the sources stands beside the artifact. An artifact that cannot be read is trained again.
    """
    folder, stamp, wanted = DEMO / "digits", DEMO / "digits.sources", sources_hash()
    if stamp.is_file() and stamp.read_text() == wanted:
        try:
            network = artifact.load(folder)
        except ScError as error:
            say(f"  {error}: training again")
        else:
            say(f"  up to date: {folder.relative_to(ROOT)}")
            return network
    stamp.unlink(missing_ok=True)
    train("digits", folder, progress=lambda line: say(f"  {line}"))
    stamp.write_text(wanted)
    return artifact.load(folder)


def compared(network: Network, dataset: str, *backends: str, limit: int | None = None) -> dict[str, Evaluation]:
    """Evaluate a network on each back end; every score of every image is compared with the golden model.

    Args:
        network: The network.
        dataset: Name of the data set, whose test part is taken.
        backends: Names of the back ends.
        limit: Only so many images; None for all.

    Returns:
        What `evaluate` found, by back end. Each back end also prints a line.
    """
    out = {}
    for backend in backends:
        out[backend] = evaluate(
            network,
            dataset,
            backend=backend,
            limit=limit,
            progress=Progress(f"  {backend}"),
            checking=Progress("  golden"),
        )
        e = out[backend]
        say(f"  {backend}: {e.correct} of {e.images} right, {e.mismatches} mismatches, {e.seconds:.1f} s")
    return out


def percent(value: object) -> str:
    """Return an accuracy, a share of 1, in per cent; "–" where it was not measured."""
    return f"{100 * value:.2f} %" if isinstance(value, float) else "–"


def main() -> int:
    """Run the pipeline; exit code 1 if any back end disagreed with the golden model."""
    start = time.monotonic()
    # What the later steps need is asked for before the training.
    require_packages("the demo", "torch", "sklearn")
    verilator_env()
    flow_tools(BOARDS[BOARD].family)
    DEMO.mkdir(parents=True, exist_ok=True)
    say("1/5  train: scikit-learn's digits in PyTorch")
    digits = trained_digits()
    say("2/5  evaluate: golden model, packed simulator, RTL in Verilator")
    on_digits = compared(digits, "digits", "golden", "packed", "rtl")
    say(f"3/5  build: {BOARD} bitstream")
    built = build(DEMO / "digits", BOARD, DEMO / BOARD, progress=lambda line: say(f"  {line}"))
    say("4/5  MNIST: the committed network, image by image on the RTL")
    on_mnist: dict[str, Evaluation] = {}
    if data.at_hand("mnist"):
        mnist = artifact.load(MNIST)
        on_mnist = compared(mnist, "mnist", "packed", "rtl")
    else:
        say("  skipped: MNIST is not here (set SC_NEUROCORE_DATA, or let `sc-neurocore evaluate` download it)")
    say(f"5/5  spikes: a spiking network in steps on the virtual {BOARD}, over its serial line")
    on_board = compared(artifact.load(SPIKING), "digits", "virtual", limit=ON_BOARD)["virtual"]

    columns = [("digits", digits, on_digits)] + ([("MNIST", mnist, on_mnist)] if on_mnist else [])
    rows: list[tuple[str, list[str]]] = [
        ("network", [n.topology for _, n, _ in columns]),
        ("stream length L", [str(n.length) for _, n, _ in columns]),
        ("accuracy, float", [percent(n.info.get("float_test_accuracy")) for _, n, _ in columns]),
        ("accuracy, bit-true", [percent(e["packed"].accuracy) for _, _, e in columns]),
        ("accuracy, RTL", [percent(e["rtl"].accuracy) for _, _, e in columns]),
        ("images compared", [f"{e['rtl'].images:,}" for _, _, e in columns]),
        ("mismatches", [str(sum(x.mismatches or 0 for x in e.values())) for _, _, e in columns]),
    ]
    print(f"\n{'':22}" + "".join(f"{name:>16}" for name, _, _ in columns))
    for label, values in rows:
        print(f"{label:22}" + "".join(f"{v:>16}" for v in values))
    print(f"\n{BOARD}, the digits network, post-route, host interface included")
    for label, value in (
        ("LUTs", f"{built.lut:,}"),
        ("RAM blocks", f"{built.bram}"),
        ("Fmax", f"{built.fmax_mhz:.1f} MHz"),
        ("clocks per inference", f"{built.clocks_per_inference:,.0f}"),
        ("latency", f"{built.latency_us:.1f} µs"),
        ("bitstream", str(built.bitstream)),
    ):
        print(f"{label:22}{value:>16}")
    print(
        f"\nspiking network on the virtual {BOARD}: {on_board.correct} of {on_board.images} images right, "
        f"{on_board.mismatches} mismatches"
    )
    print(f"\n{time.monotonic() - start:.0f} s")
    every = [on_board, *(e for _, _, evaluations in columns for e in evaluations.values())]
    return 1 if any(e.mismatches for e in every) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ScError as mistake:
        sys.exit(f"error: {mistake}")
    except KeyboardInterrupt:
        sys.exit(130)
