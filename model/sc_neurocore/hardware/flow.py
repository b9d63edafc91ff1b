"""What the builds share: FuseSoC and edalize run a target of a core in a work folder, on copies of the sources.

FuseSoC reads a core file, which lists sources and targets, and edalize runs the tools of a target's flow. A work folder
has these parts:

| path | content |
|---|---|
| cores/ | fusesoc.core and the sources, copied by `stage` |
| cores/image/ | the network's memory files |
| work/ | what edalize and the tools write |
| fusesoc.log | all that they print |

`build` and `stream_system_build` call `run_board` and `run_target`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from ..errors import ScError
from ..network import Network
from ..packages import require_packages
from ..paths import hdl_root, is_plain
from ..processes import run, started
from .boards import DESCRIPTION, Board, Clock
from .core import write_core_image
from .estimate import Plan
from .families import FAMILIES
from .image import TABLE_FILE, WEIGHT_FILE
from .tools import environment, find

__all__ = [
    "CORE",
    "SYSTEM",
    "Progress",
    "board_core",
    "call",
    "flow_tools",
    "run_board",
    "run_target",
    "sources",
    "stage",
    "staged",
    "top_parameters",
]

#: Name of the package's own core, that of fusesoc.core.
CORE = "::sc_neurocore"
#: Name that the tools give to their files, such as sc_neurocore.json.
SYSTEM = "sc_neurocore"
#: Name of the core that is written for a board outside fpga/, and the folder of its files below cores/.
BOARD_CORE = "::sc_board"
OUTSIDE = Path("board")

#: A function that takes one line of text for each step of a build.
Progress = Callable[[str], None]


def flow_tools(family: str) -> list[str]:
    """Return name, version and origin of each tool that a family's flow runs, one line a tool.

    Long work calls it before it begins, so that a missing tool is noticed at once.

    Args:
        family: a key of `families.FAMILIES`.

    Raises:
        ScError: one of the tools, FuseSoC or edalize is missing.
    """
    require_packages("a build", "fusesoc", "edalize")
    return [find(name).describe() for name in FAMILIES[family].tools]


def sources(root: Path, board: Board) -> list[Path]:
    """Return the paths of fusesoc.core and of every file that a target of the board names, except the memory files.

    Args:
        root: the folder with rtl/, fpga/ and fusesoc.core.
        board: the board. For one outside fpga/ its description is among them, since that has the options of the flow.
    """
    folders = (root / board.folder, root / "fpga" / "common")
    suffixes = {".v", ".pcf", ".lpf", ".xdc", ".cpp", ".h"}
    files = [p for folder in folders for p in folder.rglob("*") if p.is_file() and p.suffix in suffixes]
    described = [Path(board.folder) / DESCRIPTION] if board.outside else []
    return [root / "fusesoc.core", *(root / "rtl").glob("*.v"), *files, *described]


def staged(root: Path, board: Board, path: Path) -> Path:
    """Return where a file of `sources` lies below cores/.

    Files below the root keep their place; those of a board outside fpga/ lie in board/.

    Args:
        root: the folder with rtl/, fpga/ and fusesoc.core.
        board: the board.
        path: the file.
    """
    if board.outside and path.is_relative_to(board.folder):
        return OUTSIDE / path.relative_to(board.folder)
    return path.relative_to(root)


def board_core(board: Board, parameters: Mapping[str, int | str], cores: Path) -> str:
    """Return the text of a FuseSoC core for a board outside fpga/; fusesoc.core has the same for all others.

    Args:
        board: the board.
        parameters: the parameters of its top, whose names and types the core declares.
        cores: the folder in which the board's files are staged already.
    """
    flow, kind = {"ice40": ("icestorm", "PCF"), "ecp5": ("trellis", "LPF"), "xc7": ("vivado", "xdc")}[board.family]
    verilog = [
        f"      - {path.relative_to(cores).as_posix()}: {{file_type: verilogSource-2005}}\n"
        for folder in (cores / OUTSIDE, cores / "fpga" / "common")
        for path in sorted(folder.glob("*.v"))
    ]
    memory = "mem" if board.family == "xc7" else "user"
    images = [f"      - image/{name}: {{file_type: {memory}, copyto: {name}}}\n" for name in (TABLE_FILE, WEIGHT_FILE)]
    kinds = {name: "int" if isinstance(value, int) else "str" for name, value in parameters.items()}
    return (
        f"CAPI=2:\n\nname: {BOARD_CORE}:0\ndescription: {json.dumps(board.title)}\n\nfilesets:\n"
        f'  rtl:\n    depend: ["{CORE}"]\n'
        f"  board:\n    files:\n{''.join(verilog)}"
        f"      - {(OUTSIDE / board.constraints).as_posix()}: {{file_type: {kind}}}\n"
        f"  image:\n    files:\n{''.join(images)}\n"
        f'targets:\n  default: &default\n    filesets: [rtl, board, "image ? (image)"]\n    toplevel: {board.top}\n\n'
        f"  {board.target}:\n    <<: *default\n    flow: {flow}\n    flow_options: {json.dumps(dict(board.flow))}\n"
        f"    parameters: [{', '.join(kinds)}]\n\nparameters:\n"
        + "".join(f"  {name}: {{datatype: {kind}, paramtype: vlogparam}}\n" for name, kind in kinds.items())
    )


def run_board(
    work: Path, board: Board, parameters: Mapping[str, int | str], *, build: bool = True, **more: Any
) -> None:
    """Run the board's target for a design that is staged in a work folder.

    Args:
        work: the work folder.
        board: the board.
        parameters: parameters of its top.
        build: False only writes what the target's tools would run.
        **more: further arguments of `run_target`, whose errors are raised too.
    """
    cores = work / "cores"
    if board.outside:
        (cores / "board.core").write_text(board_core(board, parameters, cores), encoding="utf-8")
    core = BOARD_CORE if board.outside else CORE
    run_target(work, board.target, parameters, core=core, image="WEIGHT_FILE" in parameters, build=build, **more)


def top_parameters(placed: Plan, board: Board, clock: Clock, *, boot_flash: bool = False) -> dict[str, int | str]:
    """Return the parameters of the board's top for a network, by name.

    Args:
        placed: the network's place on the board, which decides core and buffer.
        board: the board.
        clock: the clock that its PLL is set to.
        boot_flash: whether layer table and weights come from the flash. Else the bitstream initialises them, unless the
            weights lie in large memories (SPRAM), which it cannot initialise.
    """
    out: dict[str, int | str] = dict(placed.config.parameters())
    out["LOG2_PAYLOAD"] = placed.log2_payload
    out["CLOCKS_PER_BIT"] = board.clocks_per_bit(clock)
    out |= dict(clock.parameters)
    if board.large_rams:
        out["USE_SPRAM"] = int(placed.large_rams > 0)
    if boot_flash:
        out["FLASH_BOOT"] = 1
    elif not placed.large_rams:
        out |= {"WEIGHT_FILE": WEIGHT_FILE, "TABLE_FILE": TABLE_FILE}
    return out


def run_target(
    work: Path,
    target: str,
    parameters: Mapping[str, int | str],
    *,
    core: str = CORE,
    image: bool = False,
    build: bool = True,
    options: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> None:
    """Run a target of a FuseSoC core that lies in work/cores.

    Its files come to lie in work/work, and the output in work/fusesoc.log.

    Args:
        work: the work folder.
        target: name of the target.
        parameters: Verilog parameters of the top, by name.
        core: name of the core.
        image: whether the design reads the memory files of work/cores/image.
        build: False only writes what the target's tools would run.
        options: more arguments for FuseSoC.
        progress: called with a line for each tool that starts.

    Raises:
        ScError: FuseSoC or edalize is missing, or a tool fails, whose words are then in the message.
    """
    require_packages("a build", "fusesoc", "edalize")
    say = progress or (lambda _: None)
    (work / "fusesoc.conf").write_text("[main]\ncache_root = cache\nlibrary_root = libraries\n", encoding="utf-8")
    command = [
        sys.executable, "-m", "fusesoc.main", "--monochrome", "--config", "fusesoc.conf", "--cores-root", "cores",
        "run", "--target", target, "--work-root", "work", "--system-name", SYSTEM, "--setup",
        *(["--build"] if build else []),
        *(["--flag", "image"] if image else []),
        core,
        *[f"--{name}={value}" for name, value in parameters.items()],
        *options,
    ]  # fmt: skip
    env = environment()
    env["EDALIZE_LAUNCHER"] = _launcher(work)
    # A core library that the user has set up must not shadow the cores staged here.
    env.pop("FUSESOC_CORES", None)
    # What a tool that is broken off leaves among the temporary files goes with the work folder.
    temporary = work / "tmp"
    if is_plain(temporary):  # Yosys hands it to abc unquoted
        temporary.mkdir(exist_ok=True)
        env["TMPDIR"] = str(temporary)
    stages = {"yosys": "synthesis", "icepack": "bitstream", "ecppack": "bitstream"}
    stages |= dict.fromkeys(("nextpnr-ice40", "nextpnr-ecp5"), "place and route")
    lines: list[str] = []
    with (
        (work / "fusesoc.log").open("w", encoding="utf-8") as log,
        started(command, cwd=work, env=env) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            lines.append(line)
            words = line.split()
            if len(words) > 1 and words[0] == "using" and words[1] in stages:
                say(f"{stages[words[1]]}: {line[6:].strip()}")
    if process.returncode != 0:
        errors = [x for x in lines if "ERROR" in x] or lines[-20:]
        raise ScError(f"the build failed; everything is in {work}:\n{''.join(errors).strip()}")


def _launcher(work: Path) -> str:
    """Return the words that edalize puts before each command of a flow, in makefiles too (see `launcher`)."""
    words = f"{quote(sys.executable)} -m sc_neurocore.hardware.launcher"
    if is_plain(sys.executable):
        return words
    # No quoting passes through make and edalize alike, so a script in the work folder has the odd name inside.
    (work / "launch.sh").write_text(f'exec {words} "$@"\n', encoding="utf-8")
    return "sh ../launch.sh"


def stage(work: Path, board: Board, network: Network, placed: Plan) -> None:
    """Copy fusesoc.core, the files that it names and the network's memory files to work/cores, for `run_target`.

    FuseSoC searches the folder that it is given for cores. A copy keeps it out of virtual environments and older
    builds.

    Args:
        work: the work folder.
        board: the board whose files are copied.
        network: the network.
        placed: its place on the board.
    """
    root = hdl_root()
    cores = work / "cores"
    for path in sources(root, board):
        target = cores / staged(root, board, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (cores / "image").mkdir()
    write_core_image(network, placed.config, cores / "image")


def call(command: Sequence[str], work: Path, env: Mapping[str, str], what: str) -> str:
    """Run a command in a work folder and return its output.

    Args:
        command: the program and its arguments.
        work: the folder to run in.
        env: the environment.
        what: what the command does, for the message.

    Raises:
        ScError: the command failed; the end of its output is in the message.
    """
    done = run(command, cwd=work, env=env)
    if done.returncode != 0:
        raise ScError(f"{what} failed; everything is in {work}:\n{done.stdout[-2000:].strip()}")
    return done.stdout
