"""From a network to a bitstream: FuseSoC and edalize run synthesis, place and route in a work folder.

`build` places the network on a board (`estimate.plan`), runs the tools of the board's family (`flow`) and writes a
folder (`build_folder`) with the bitstream, its figures, the memory files and the tools' logs. `load` reads it again.

Every figure is post-route: cells, block RAMs and Fmax come from nextpnr's JSON report and routed netlist. Where the
tools for a board's FPGA are not installed (7-series, `xc7`), the result says so and has no bitstream.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from .. import artifact
from ..errors import ScError, require
from ..network import Network
from ..paths import hdl_root
from . import xc7
from .boards import CLOCK_MARGIN, Board, Clock
from .boards import board as board_called
from .build_folder import INDEX, check_files, finish, reading, sha256, target_of, working
from .estimate import Plan, mean_clocks, plan
from .families import FAMILIES, nextpnr_figures
from .flash_image import write_flash_image
from .flow import SYSTEM, Progress, flow_tools, run_board, run_target, sources, stage, staged, top_parameters
from .image import TABLE_FILE, WEIGHT_FILE

__all__ = ["IMAGE", "INDEX", "NO_BITSTREAM", "BuildResult", "build", "load", "run_target", "stage", "top_parameters"]

#: Format and version that the index of such a build names.
FORMAT = "sc_neurocore.build"
VERSION = 1
#: Folder, within a build for a 7-series FPGA, with the project for Vivado and openXC7.
PROJECT = "project"
#: File with the network for the board's flash.
IMAGE = "network.img"
#: Exit code of `sc-neurocore build` where no place and route was found for the board.
NO_BITSTREAM = 3
#: Least number of bits of a memory that synthesis never makes of LUTs.
LUT_RAM_BITS = 1 << 14


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A bitstream with its figures, or a project without a bitstream where nothing here can place it.

    Attributes:
        board: name of the board.
        bitstream: path of the bitstream; None where no place and route was found for the board.
        lut: LUTs that the design uses.
        ff: flip-flops.
        bram: block RAMs; for 7-series FPGAs halves of 18 kbit.
        fmax_mhz: greatest clock of the routed design, in MHz; None without a bitstream.
        clocks_per_inference: mean clocks, from the last input word accepted to the class being valid, with a reader
            that is always ready. Neither the link nor loading is in it.
        latency_us: these clocks at clock_mhz, in microseconds.
        lcs: cells as the FPGA's family counts them: logic cells of an iCE40 (a LUT and a flip-flop each), else LUTs.
        spram: large memories.
        dsp: multiplier blocks.
        clock_mhz: clock that the board's PLL makes, in MHz. Without a bitstream it is the project's, which nobody has
            timed.
        baud: baud rate of the serial link.
        lanes: lanes of the engine.
        mac: whether the engine is the integer peer.
        weights: kind of memory that holds the weights.
        clocks_over: the data over which clocks_per_inference is the mean, in words.
        network: topology of the network, such as 196-128-10.
        length: L.
        tag: the network's tag.
        seed: seed of place and route.
        tools: name, version and origin of each tool.
        area: "post-route" or "post-synthesis", which is what lut, ff, bram and dsp were counted after.
        missing: what is missing for a bitstream, in words; "" where there is one.
        parameters: parameters of the board's top.
        reused: whether an earlier build was up to date, so that nothing was run.
        image: path of the network's image for the board's flash; None for a bitstream that does not start from flash.
    """

    board: str
    bitstream: str | None
    lut: int
    ff: int
    bram: int
    fmax_mhz: float | None
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
    area: str = "post-route"
    missing: str = ""
    parameters: Mapping[str, int | str] = field(default_factory=dict)
    reused: bool = False
    image: str | None = None

    @property
    def error(self) -> str:
        """What is missing for a bitstream, in words; "" where there is one."""
        return self.missing

    @property
    def exit_code(self) -> int:
        """Exit code of the command: 0, or `NO_BITSTREAM` where the project is all there is."""
        return 0 if self.bitstream is not None else NO_BITSTREAM

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, in their order."""
        return asdict(self)

    def to_table(self) -> dict[str, Any]:
        """Return what people want to read first: the bitstream, or why there is none, then the figures."""
        row = self.to_json()
        for name in ("parameters", "missing", "tag"):
            del row[name]
        first = {"bitstream": self.bitstream or f"none: {self.missing.removeprefix('no bitstream, ')}"}
        return first | {name: value for name, value in row.items() if name != "bitstream"}


def _hash_files(digest: Any, root: Path, board: Board) -> None:
    """Add names and contents of the design's source files to a hash."""
    for path in sorted(sources(root, board)):
        digest.update(str(staged(root, board, path)).encode() + b"\0" + path.read_bytes() + b"\0")


def _inputs(network: Network, board: Board, placed: Plan, seed: int, tools: list[str], boot_flash: bool) -> str:
    """Return the hash of everything that the bitstream and its figures follow from."""
    what = (VERSION, board, placed, seed, tools, network.content(), network.tag, boot_flash)
    digest = hashlib.sha256(repr(what).encode())
    for layer in network.weighted:
        digest.update(layer.synapses.astype("<i2").tobytes())
    _hash_files(digest, hdl_root(), board)
    return digest.hexdigest()


def load(folder: str | os.PathLike[str]) -> BuildResult:
    """Return the build in a folder.

    Args:
        folder: the folder that `build` wrote.

    Raises:
        ScError: there is no build of this version, or a file is missing or altered; the message names the file.
    """
    path = Path(folder).absolute()
    return _load(path)[0]


def _load(folder: Path) -> tuple[BuildResult, str]:
    """Return the build in a folder, and the hash of what it follows from (`_inputs`)."""
    hashes: dict[Path, object] = {}
    with reading(folder, FORMAT, VERSION) as content:
        values = dict(content["result"], tools=tuple(content["result"]["tools"]))
        for name, digest in (("bitstream", content["sha256"]), ("image", content.get("image_sha256"))):
            if values.get(name) is not None:
                path = folder / str(values[name])
                hashes[path] = digest
                values[name] = str(path)
        result = BuildResult(**values)
        inputs = str(content["inputs"])
    check_files(hashes)
    return result, inputs


def _keep(work: Path, target: Path, board: Board) -> str | None:
    """Copy the results of a finished flow to the folder of the build.

    Args:
        work: the work folder of the flow.
        target: the folder of the build.
        board: the board.

    Returns:
        Name of the bitstream, None if there is none.
    """
    flow, name = work / "work", f"{board.name}{FAMILIES[board.family].suffix}"
    made = flow / f"{SYSTEM}{FAMILIES[board.family].suffix}"
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
        if source.is_file():
            shutil.copyfile(source, logs / kept)
    if board.family == "xc7":
        shutil.copytree(flow, target / PROJECT, symlinks=True)
    if not made.is_file():
        return None
    shutil.copyfile(made, target / name)
    return name


def build(
    network: Network | str | os.PathLike[str],
    board: Board | str,
    out: str | os.PathLike[str],
    *,
    lanes: int | None = None,
    mac: bool = False,
    seed: int | None = None,
    boot_flash: bool = False,
    samples: ArrayLike | None = None,
    progress: Progress | None = None,
) -> BuildResult:
    """Build the bitstream for a network on a board, and write the build to a folder.

    The board's clocks are tried from the fastest down: the first that the post-route Fmax exceeds by 5 % is kept. For a
    7-series FPGA the folder also has the project for Vivado and openXC7, and only that if neither is installed.

    The folder appears whole or not at all. If it holds a build that is up to date, nothing is run.

    Args:
        network: the network, or the folder of its artifact.
        board: the board, or its name or path.
        out: the folder to write: new, empty, or an earlier build.
        lanes: lanes of the engine; by default `estimate.default_lanes`, which fill the width of a weight memory.
        mac: integer multiply-accumulate in place of the streams.
        seed: seed of place and route, 0 … 2^31 − 1; by default 1.
        boot_flash: let the board load the network from its flash after reset. The build then has the image
            (docs/flash.md), and new weights need no build.
        samples: raw samples over which clocks are averaged, see `estimate.mean_clocks`.
        progress: called with a line for each step; first of all, where no bitstream can be made here, with one that
            says so.

    Returns:
        The build; its paths are absolute.

    Raises:
        ScError: the board is unknown, the network does not fit it, a tool is missing or fails, the folder holds
            something else, or Fmax is too low for every clock.
    """
    say = progress or (lambda _: None)
    net = network if isinstance(network, Network) else artifact.load(network)
    where = board_called(board) if isinstance(board, str) else board
    chosen_seed = 1 if seed is None else seed
    require(0 <= chosen_seed < 1 << 31, f"seed must be in [0, 2^31), got {chosen_seed}")
    require(not boot_flash or where.image_offset is not None, f"{where.name} does not start from its flash")
    placed = plan(net, where, lanes=lanes, mac=mac)
    target = target_of(out)
    tools = flow_tools(where.family)
    placer = xc7.placer() if where.family == "xc7" else None
    if placer:
        tools += placer.tools
    if placer and not placer.name:
        say(f"{placer.missing}; the project and its area are what this build gives")
    inputs = _inputs(net, where, placed, chosen_seed, tools, boot_flash)
    mean, over = mean_clocks(net, placed.config.lanes, mac=mac, samples=samples)

    if (target / INDEX).is_file():
        try:
            found, known = _load(target)
        except ScError:
            # A build that is damaged or of another version is made again.
            known = ""
        if known == inputs and found.clocks_per_inference == round(mean, 1) and found.clocks_over == over:
            say(f"up to date: {target}")
            return BuildResult(**(_fields(found) | {"reused": True}))

    started = time.monotonic()
    with working(target) as work:
        clock, figures = _route(work, where, net, placed, chosen_seed, boot_flash, say, placer)
        whole = work / "result"
        whole.mkdir()
        name = _keep(work / "flow", whole, where)
        image = write_flash_image(net, placed.config, whole / IMAGE) if boot_flash else None
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
            missing=placer.missing if placer else "",
            parameters=top_parameters(placed, where, clock, boot_flash=boot_flash),
            image=image.name if image else None,
            **figures,
        )
        content = {
            "format": FORMAT,
            "version": VERSION,
            "result": result.to_json(),
            "inputs": inputs,
            "sha256": name and sha256(whole / name),
        }
        if image is not None:
            content["image_sha256"] = sha256(image)
        finish(whole, target, content)
    say(
        f"built in {time.monotonic() - started:.0f} s: {result.lcs} {where.cell} {result.area}, "
        + (f"Fmax {result.fmax_mhz} MHz, " if result.fmax_mhz else "not timed, ")
        + f"clock {result.clock_mhz:g} MHz"
    )
    return load(target)


def _fields(result: BuildResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in BuildResult.__dataclass_fields__}


def _route(
    work: Path,
    board: Board,
    network: Network,
    placed: Plan,
    seed: int,
    boot_flash: bool,
    say: Progress,
    placer: xc7.Placer | None,
) -> tuple[Clock, dict[str, Any]]:
    """Run the flow, at lower and lower clocks until the routed design meets one; its results are in work/flow.

    Returns:
        The clock that is met, and the figures (`families`). Without place and route it is the board's untimed clock.

    Raises:
        ScError: Fmax is too low for every clock, or `_check_memories` refuses the design.
    """
    clock: Clock | None = board.clocks[0]
    if placer and not placer.name:
        clock = next(c for c in board.clocks if c.mhz == board.untimed_mhz)
    flow = work / "flow"
    while clock is not None:
        if flow.is_dir():
            shutil.rmtree(flow)
        flow.mkdir()
        stage(flow, board, network, placed)
        parameters = top_parameters(placed, board, clock, boot_flash=boot_flash)
        if placer:
            figures = _run_xc7(flow, board, parameters, seed, placer, clock, say)
        else:
            figures = _run_nextpnr(flow, board, parameters, seed, say)
        _check_memories(flow, board, placed, figures)
        fmax = figures["fmax_mhz"]
        if fmax is None or fmax >= clock.mhz * CLOCK_MARGIN:
            return clock, figures
        say(f"Fmax {fmax} MHz is too low for a clock of {clock.mhz:g} MHz")
        slower = [c for c in board.clocks if c.mhz < clock.mhz and c.mhz * CLOCK_MARGIN <= fmax]
        clock = slower[0] if slower else None
    raise ScError(
        f"Fmax is {fmax} MHz after place and route: the slowest clock of {board.name} is {board.clocks[-1].mhz:g} MHz "
        f"and needs {CLOCK_MARGIN} times that; fewer lanes or a shorter stream make it faster"
    )


def _run_nextpnr(
    flow: Path, board: Board, parameters: Mapping[str, int | str], seed: int, say: Progress
) -> dict[str, Any]:
    """Run the flow of a family that nextpnr places, and return the figures."""
    # Timing is judged by the caller, by Fmax, not by the router.
    netlist = "routed.json" if board.family == "ice40" else ""
    options = f"--seed {seed} --timing-allow-fail --report nextpnr.json" + (f" --write {netlist}" if netlist else "")
    run_board(flow, board, parameters, options=(f"--nextpnr_options={options}",), progress=say)
    folder = flow / "work"
    return nextpnr_figures(board.family, folder / "nextpnr.json", folder / netlist if netlist else None)


def _run_xc7(
    flow: Path,
    board: Board,
    parameters: Mapping[str, int | str],
    seed: int,
    placer: xc7.Placer,
    clock: Clock,
    say: Progress,
) -> dict[str, Any]:
    """Write the project for a 7-series FPGA, run it as far as there are tools, and return the figures."""
    folder = xc7.write_project(flow, board, parameters, seed=seed)
    figures = xc7.synthesise(folder, say) | {"area": "post-synthesis"}
    if not placer.name:
        return figures
    routed = xc7.place(folder, placer, clock.mhz, say)
    return figures | routed | ({"area": "post-route"} if "lut" in routed else {})


def _check_memories(flow: Path, board: Board, placed: Plan, figures: Mapping[str, Any]) -> None:
    """Refuse a design that is larger than the board or does not have the memories that were planned for it.

    Raises ScError with the numbers that differ.
    """
    require(
        figures["lcs"] <= board.cells,
        f"the design takes {figures['lcs']} {board.cell}, {board.name} has {board.cells}: "
        f"{figures['lcs'] - board.cells} short; fewer lanes take less",
    )
    # Synthesis saves a block where a word's odd bit lies in a narrower shape than the others. Where it has RAM of LUTs
    # it puts small memories there, but none of this size.
    config, least = placed.config, placed.rams - 1
    if board.family != "ice40":
        large = config.word_bits << config.weight_aw >= LUT_RAM_BITS
        least = board.rams_for(config.word_bits, 1 << config.weight_aw) - 1 if large else 0
    require(
        least <= figures["bram"] <= placed.rams and figures["spram"] == placed.large_rams,
        f"{figures['bram']} block RAMs and {figures['spram']} SPRAM blocks were placed, {placed.rams} and "
        f"{placed.large_rams} were planned; everything is in {flow}",
    )
