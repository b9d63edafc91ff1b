"""From a network to a bitstream: FuseSoC and edalize run synthesis, place and route in a work folder.

Every figure is post-route: cells, block RAMs and Fmax come from nextpnr's JSON report and routed netlist.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from numpy.typing import ArrayLike

from .. import artifact
from ..errors import ScError, require
from ..network import Network
from ..paths import hdl_root
from .boards import CLOCK_MARGIN, Board, Clock
from .boards import board as board_called
from .core import write_core_image
from .estimate import Plan, mean_clocks, plan
from .image import TABLE_FILE, WEIGHT_FILE
from .tools import environment, find

__all__ = ["INDEX", "BuildResult", "build", "load", "run_target", "stage", "top_parameters"]

FORMAT = "sc_neurocore.build"
VERSION = 1
INDEX = "build.json"
CORE = "::sc_neurocore"
SYSTEM = "sc_neurocore"
TOOLS = ("make", "yosys", "nextpnr-ice40", "icepack")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A bitstream with its figures, all post-route.

    lut, ff: logic cells whose LUT, whose flip-flop is used; lcs: logic cells in all (a cell has one of each). bram,
    spram: blocks. fmax_mhz: of the routed design; clock_mhz: what the board's PLL gives it. clocks_per_inference: mean
    over `clocks_over`, from the last input word accepted to the class being valid, with a reader that is always ready;
    link and load time are not in it. latency_us: that many clocks at clock_mhz.
    """

    board: str
    bitstream: str
    lut: int
    ff: int
    bram: int
    fmax_mhz: float
    clocks_per_inference: float
    latency_us: float
    lcs: int
    spram: int
    dsp: int
    clock_mhz: float
    baud: int
    lanes: int
    mac: bool
    weights: str
    clocks_over: str
    network: str
    length: int
    tag: int
    seed: int
    tools: tuple[str, ...]
    parameters: Mapping[str, int | str] = field(default_factory=dict)
    reused: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, in their order."""
        return asdict(self)


def _ignore(_: str) -> None:
    pass


def _hash_files(digest: Any, root: Path, paths: list[Path]) -> None:
    for path in sorted(paths):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")


def _sources(root: Path, board: Board) -> list[Path]:
    folders = (root / "fpga/common", root / board.folder)
    files = [p for f in folders for p in f.rglob("*") if p.is_file() and p.suffix in {".v", ".pcf", ".cpp", ".h"}]
    return [root / "fusesoc.core", *(root / "rtl").glob("*.v"), *files]


def _inputs(network: Network, board: Board, placed: Plan, seed: int, tools: list[str]) -> str:
    """Return the hash of everything that the bitstream and its figures follow from."""
    digest = hashlib.sha256(repr((VERSION, board, placed, seed, tools, network.content(), network.tag)).encode())
    for layer in network.weighted:
        digest.update(layer.synapses.astype("<i2").tobytes())
    root = hdl_root()
    _hash_files(digest, root, _sources(root, board))
    return digest.hexdigest()


def load(folder: str | os.PathLike[str]) -> BuildResult:
    """Return the build in `folder`; raises ScError naming the file that is missing, altered or of another version."""
    path = Path(folder).absolute()
    return _load(path)[0]


def _load(folder: Path) -> tuple[BuildResult, str]:
    index = folder / INDEX
    try:
        content = json.loads(index.read_text())
        if content["format"] != FORMAT or content["version"] != VERSION:
            raise ScError(f"{index}: must be {FORMAT} version {VERSION}, got {content['format']} {content['version']}")
        bitstream = folder / str(content["result"]["bitstream"])
        wanted = content["sha256"]
        values = dict(content["result"], bitstream=str(bitstream))
        values["tools"] = tuple(values["tools"])
        result = BuildResult(**values)
        inputs = str(content["inputs"])
    except OSError as error:
        raise ScError(f"{index}: cannot be read ({error.strerror}); is {folder} a build?") from None
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ScError):
            raise
        raise ScError(f"{index}: not a build index ({error})") from None
    try:
        found = hashlib.sha256(bitstream.read_bytes()).hexdigest()
    except OSError as error:
        raise ScError(f"{bitstream}: cannot be read ({error.strerror})") from None
    require(found == wanted, f"{bitstream}: content differs from its sha256 in {INDEX}: altered or short")
    return result, inputs


def top_parameters(placed: Plan, board: Board, clock: Clock) -> dict[str, int | str]:
    """Return the parameters of the board's top."""
    out: dict[str, int | str] = dict(placed.config.parameters())
    out["LOG2_PAYLOAD"] = placed.log2_payload
    out["CLOCKS_PER_BIT"] = board.clocks_per_bit(clock)
    out |= dict(clock.parameters)
    out["USE_SPRAM"] = int(placed.large_rams > 0)
    if not placed.large_rams:
        out |= {"WEIGHT_FILE": WEIGHT_FILE, "TABLE_FILE": TABLE_FILE}
    return out


def run_target(
    work: Path,
    target: str,
    parameters: Mapping[str, int | str],
    *,
    core: str = CORE,
    image: bool = False,
    options: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> None:
    """Run a target of `core`, one of those in work/cores; its files come to lie in work/work.

    image: with the memory files of work/cores/image. options: more arguments for FuseSoC. The output goes to
    fusesoc.log, the tools' names to `progress`. Raises ScError with the tools' words if one fails.
    """
    say = progress or _ignore
    (work / "fusesoc.conf").write_text("[main]\ncache_root = cache\nlibrary_root = libraries\n")
    command = [
        sys.executable, "-m", "fusesoc.main", "--monochrome", "--config", "fusesoc.conf", "--cores-root", "cores",
        "run", "--target", target, "--work-root", "work", "--system-name", SYSTEM, "--setup", "--build",
        *(["--flag", "image"] if image else []),
        core,
        *[f"--{name}={value}" for name, value in parameters.items()],
        *options,
    ]  # fmt: skip
    env = environment()
    env["EDALIZE_LAUNCHER"] = f"{quote(sys.executable)} -m sc_neurocore.hardware.launcher"
    # A core library that the user has set up must not shadow the cores staged here.
    env.pop("FUSESOC_CORES", None)
    stages = {"yosys": "synthesis", "icepack": "bitstream", "ecppack": "bitstream"}
    stages |= dict.fromkeys(("nextpnr-ice40", "nextpnr-ecp5"), "place and route")
    with (
        (work / "fusesoc.log").open("w") as log,
        subprocess.Popen(
            command,
            cwd=work,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                log.write(line)
                lines.append(line)
                words = line.split()
                if len(words) > 1 and words[0] == "using" and words[1] in stages:
                    say(f"{stages[words[1]]}: {line[6:].strip()}")
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    if process.returncode != 0:
        errors = [x for x in lines if "ERROR" in x] or lines[-20:]
        raise ScError(f"the build failed; everything is in {work}:\n{''.join(errors).strip()}")


def _figures(work: Path) -> dict[str, Any]:
    """Return post-route cells and Fmax from nextpnr's report and routed netlist."""
    report = json.loads((work / "nextpnr.json").read_text())
    used = {name: int(entry["used"]) for name, entry in report["utilization"].items()}
    clocks = {name: float(entry["achieved"]) for name, entry in report["fmax"].items()}
    require(len(clocks) == 1, f"the design must have one clock, nextpnr reports {sorted(clocks)}")
    netlist = json.loads((work / "routed.json").read_text())
    (module,) = netlist["modules"].values()
    cells = [c["parameters"] for c in module["cells"].values() if c["type"] == "ICESTORM_LC"]
    require(
        len(cells) == used["ICESTORM_LC"],
        f"nextpnr's report counts {used['ICESTORM_LC']} logic cells, its netlist has {len(cells)}",
    )
    return {
        "lcs": used["ICESTORM_LC"],
        "lut": sum(int(c["LUT_INIT"], 2) != 0 for c in cells),
        "ff": sum(int(c["DFF_ENABLE"], 2) for c in cells),
        "bram": used["ICESTORM_RAM"],
        "spram": used["ICESTORM_SPRAM"],
        "dsp": used["ICESTORM_DSP"],
        "fmax_mhz": round(min(clocks.values()), 2),
    }


def stage(work: Path, board: Board, network: Network, placed: Plan) -> None:
    """Copy fusesoc.core, what it names and the network's memory files to work/cores, for `run_target`.

    FuseSoC scans what it is given for cores: the copy keeps it out of virtual environments and older builds.
    """
    root = hdl_root()
    cores = work / "cores"
    for path in _sources(root, board):
        target = cores / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (cores / "image").mkdir()
    write_core_image(network, placed.config, cores / "image")


def _keep(work: Path, target: Path, name: str) -> None:
    """Copy the results of a finished flow to `target`."""
    flow = work / "work"
    shutil.copyfile(flow / f"{SYSTEM}.bin", target / name)
    for file in (WEIGHT_FILE, TABLE_FILE):
        shutil.copyfile(work / "cores" / "image" / file, target / file)
    logs = target / "logs"
    logs.mkdir()
    for source, kept in (
        (work / "fusesoc.log", "fusesoc.log"),
        (flow / "edalize_yosys.ys", "synthesis.ys"),
        (flow / "yosys.log", "yosys.log"),
        (flow / "next.log", "nextpnr.log"),
        (flow / "nextpnr.json", "nextpnr.json"),
    ):
        shutil.copyfile(source, logs / kept)


def build(
    network: Network | str | os.PathLike[str],
    board: Board | str,
    out: str | os.PathLike[str],
    *,
    lanes: int | None = None,
    mac: bool = False,
    seed: int | None = None,
    samples: ArrayLike | None = None,
    progress: Progress | None = None,
) -> BuildResult:
    """Build the bitstream for `network` (or the artifact in that folder) on `board`, and write the build to `out`.

    The board's clocks are tried from the fastest down: the first that post-route Fmax exceeds by 5 % is kept. lanes:
    neurons visited at a time; default fills the width of the board's large memory. mac: integer multiply-accumulate in
    place of the streams. seed: of place and route, default 1. samples: what the clocks are averaged over; default the
    test part of the network's data set. progress: called with a line for each step.

    `out` appears whole or not at all; if it is up to date, nothing is run. Raises ScError for an unknown board, a
    network too large for it, a tool that is missing or fails, a folder that is something else, or an Fmax below every
    clock.
    """
    say = progress or _ignore
    net = network if isinstance(network, Network) else artifact.load(network)
    where = board_called(board) if isinstance(board, str) else board
    chosen_seed = 1 if seed is None else seed
    require(0 <= chosen_seed < 1 << 31, f"seed must be in [0, 2^31), got {chosen_seed}")
    placed = plan(net, where, lanes=lanes, mac=mac)
    target = Path(out).absolute()
    if target.exists() and not (target / INDEX).is_file():
        require(
            target.is_dir() and not any(target.iterdir()),
            f"{target} exists and is not a build: choose an empty or new folder",
        )
    tools = [find(name).describe() for name in TOOLS]
    inputs = _inputs(net, where, placed, chosen_seed, tools)
    mean, over = mean_clocks(net, placed.config.lanes, mac=mac, samples=samples)

    if (target / INDEX).is_file():
        try:
            found, known = _load(target)
        except ScError:
            known = ""
        if known == inputs and found.clocks_per_inference == round(mean, 1) and found.clocks_over == over:
            say(f"up to date: {target}")
            return BuildResult(**(_fields(found) | {"reused": True}))

    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-work-", dir=target.parent))
    started = time.monotonic()
    keep_work = False
    try:
        clock, figures = _route(work, where, net, placed, chosen_seed, say)
        flow = work / "flow"
        parameters = top_parameters(placed, where, clock)
        name = f"{where.name}.bin"
        result = BuildResult(
            board=where.name,
            bitstream=name,
            clocks_per_inference=round(mean, 1),
            latency_us=round(mean / clock.mhz, 2),
            clock_mhz=clock.mhz,
            baud=where.baud,
            lanes=placed.config.lanes,
            mac=mac,
            weights=placed.weights,
            clocks_over=over,
            network=net.topology,
            length=net.length,
            tag=net.tag,
            seed=chosen_seed,
            tools=tuple(tools),
            parameters=parameters,
            **figures,
        )
        whole = work / "result"
        whole.mkdir()
        _keep(flow, whole, name)
        content = {
            "format": FORMAT,
            "version": VERSION,
            "result": result.to_json(),
            "inputs": inputs,
            "sha256": hashlib.sha256((whole / name).read_bytes()).hexdigest(),
        }
        (whole / INDEX).write_text(json.dumps(content, indent=1) + "\n")
        artifact.replace_folder(whole, target)
    except ScError:
        keep_work = (work / "flow").is_dir()
        raise
    finally:
        if not keep_work:
            shutil.rmtree(work, ignore_errors=True)
    say(
        f"built in {time.monotonic() - started:.0f} s: {result.lcs} logic cells, Fmax {result.fmax_mhz} MHz, "
        f"clock {result.clock_mhz:g} MHz"
    )
    return load(target)


def _fields(result: BuildResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in BuildResult.__dataclass_fields__}


def _route(
    work: Path, board: Board, network: Network, placed: Plan, seed: int, say: Progress
) -> tuple[Clock, dict[str, Any]]:
    """Run the flow, at lower and lower clocks until the routed design meets one; results are in work/flow."""
    clock: Clock | None = board.clocks[0]
    flow = work / "flow"
    while clock is not None:
        if flow.is_dir():
            shutil.rmtree(flow)
        flow.mkdir()
        stage(flow, board, network, placed)
        # Timing is judged here, by Fmax, not by the router.
        run_target(
            flow,
            board.target,
            top_parameters(placed, board, clock),
            image=not placed.large_rams,
            options=(f"--nextpnr_options=--seed {seed} --timing-allow-fail --report nextpnr.json --write routed.json",),
            progress=say,
        )
        figures = _figures(flow / "work")
        # A design with a wrong count of memories is not the one that was planned; synthesis saves one where a word's
        # odd bit lies in a narrower shape than the others.
        require(
            placed.rams - 1 <= figures["bram"] <= placed.rams and figures["spram"] == placed.large_rams,
            f"{figures['bram']} block RAMs and {figures['spram']} SPRAM blocks were placed, "
            f"{placed.rams} and {placed.large_rams} were planned; everything is in {flow}",
        )
        fmax = figures["fmax_mhz"]
        if fmax >= clock.mhz * CLOCK_MARGIN:
            return clock, figures
        slower = [c for c in board.clocks if c.mhz < clock.mhz and c.mhz * CLOCK_MARGIN <= fmax]
        say(f"Fmax {fmax} MHz is too low for a clock of {clock.mhz:g} MHz")
        clock = slower[0] if slower else None
    raise ScError(
        f"Fmax is {fmax} MHz after place and route: the slowest clock of {board.name} is {board.clocks[-1].mhz:g} MHz "
        f"and needs {CLOCK_MARGIN} times that; fewer lanes or a shorter stream make it faster"
    )
