"""Words that the command line and the library both need, in a module that is quick to import.

Each constant repeats the keys or values of what the module named beside it defines, so that a start of the command line
does not import that module; tests/test_cli.py compares the two. `boards` reads only the names in the boards'
descriptions. Parts have no entry, because `hardware.parts` is quick to import itself.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from .errors import one_of

__all__ = [
    "BACKENDS",
    "BOARD_FILE",
    "CHECKS",
    "DATASETS",
    "DATA_WIDTHS",
    "DESIGNS",
    "DEVICES",
    "FRAMEWORKS",
    "NEURONS",
    "NEURON_MODELS",
    "ORDERS",
    "RECIPES",
    "RECIPE_PATHS",
    "RECIPE_TREE",
    "RENAMED_BACKENDS",
    "SPLITS",
    "SURROGATES",
    "TOML",
    "boards",
    "docs_root",
    "foreign_package",
    "is_board_path",
    "network_folder",
    "networks",
    "networks_root",
    "not_a_data_set",
    "recipe_files",
]

#: `data.DATASETS`; besides them a data set is the path of an .npz file.
DATASETS = ("digits", "mnist")
#: Parts of a data set: `data.SPLITS`.
SPLITS = ("train", "validation", "test", "all")
#: `backends.BACKENDS`; `evaluate` takes the back end "board" as well.
BACKENDS = ("golden", "packed", "lookup", "rtl", "stream", "folded", "virtual")
#: The file of a board's folder that describes it.
BOARD_FILE = "board.toml"
#: Earlier names of back ends, which are understood too.
RENAMED_BACKENDS = {"table": "lookup"}
#: What `evaluate` compares with: `evaluate.CHECKS`.
CHECKS = ("golden", "packed", "none")
#: Designs in space, and widths of their image words: `hardware.stream_system`.
DESIGNS = ("stream", "folded")
DATA_WIDTHS = (8, 16, 32, 64)
#: Orders of an image's axes: `network.ORDERS`.
ORDERS = ("hwc", "chw")
#: `nir_bridge.PRESETS`.
FRAMEWORKS = ("nir", "snntorch", "norse", "spikingjelly", "sinabs", "rockpool", "lava-dl")
#: Neurons that a NIR network is converted to: `nir_bridge.conversion.NEURONS`.
NEURONS = ("rate", "lif")
#: Neurons from equations that are built in: `compiler.NEURONS`.
NEURON_MODELS = ("lif", "alif", "expif", "adex", "izhikevich", "qif")
TOML = ", or a .toml file"
#: `training.surrogates.SURROGATES`.
SURROGATES = ("atan", "fast_sigmoid", "superspike", "sigmoid", "straight_through", "triangular", "gaussian")
#: Where a network is trained.
DEVICES = ("cpu", "cuda")

#: What `train` takes besides a recipe's name.
RECIPE_PATHS = ", or the path of a .toml recipe or of an .npz file with arrays x and y"
#: Where the recipes lie: in the source tree, and in an installed package.
RECIPE_TREE, RECIPES = Path(__file__).parents[2] / "train", Path(__file__).parent / "recipes"


def docs_root() -> Path | None:
    """Return the folder with the documentation, in the installed package or the source tree, or None."""
    package = Path(__file__).resolve().parent
    found = (root for root in (package / "docs", package.parents[1] / "docs") if (root / "cli.md").is_file())
    return next(found, None)


def not_a_data_set(text: str) -> str:
    """Return the message about a word that is neither a data set nor the path of an .npz file."""
    message = one_of("data set", text, DATASETS, " or the path of an .npz file")
    return message + ("" if "." not in text else ": np.savez('my.npz', x=samples, y=labels) makes one of arrays")


def recipe_files(tree: Path = RECIPE_TREE, packaged: Path = RECIPES) -> dict[str, Path]:
    """Return the files of the training recipes by name: of the source tree if this is one, else of the package.

    Args:
        tree: Folder of the recipes in a source tree, one folder for each recipe.
        packaged: Folder of the recipes in an installed package, one file for each recipe.
    """
    found = {path.parent.name: path for path in sorted(tree.glob("*/recipe.toml"))}
    return found or {path.stem: path for path in sorted(packaged.glob("*.toml"))}


def boards() -> list[str]:
    """Return the names of the boards that come with the package, and of those that `register_boards` has added."""
    loaded = sys.modules.get(f"{__package__}.hardware.boards")
    if loaded is not None:
        return sorted(loaded.BOARDS)
    from .paths import hdl_root

    files = (hdl_root() / "fpga").glob(f"*/{BOARD_FILE}")
    return sorted(
        name
        for file in files
        for name in re.findall(r'^name *= *"([^"]+)"', file.read_text(encoding="utf-8"), re.MULTILINE)
    )


def is_board_path(name: str) -> bool:
    """Return whether a name is the path of a folder with a board's description, or of one board in such a folder."""
    path = Path(name)
    return (path / BOARD_FILE).is_file() or (path.name != name and (path.parent / BOARD_FILE).is_file())


def networks_root() -> Path:
    """Return the folder of the trained networks that come with the package; one folder in it for each network.

    Raises:
        FileNotFoundError: If there is none, as in an installation without them.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "networks", package.parents[1] / "train" / "networks"):
        if root.is_dir():
            return root
    raise FileNotFoundError(f"trained networks are neither in {package / 'networks'} nor in train/networks")


def networks() -> list[str]:
    """Return the names of the trained networks that come with the package; none if they were left out."""
    try:
        root = networks_root()
    except FileNotFoundError:
        return []
    return sorted(entry.name for entry in root.iterdir() if (entry / "network.json").is_file())


def network_folder(text: str) -> Path:
    """Return the folder that a user's words mean: a path, or the name of a network that comes with the package.

    A folder of that name in the current folder has precedence. A text that is neither is returned as a path, so that
    reading it reports what is missing.

    Example:
        >>> network_folder("mnist-small").name, network_folder("out/mine")
        ('mnist-small', PosixPath('out/mine'))
    """
    path = Path(text)
    if not path.exists() and path.name == text and text in networks():
        return networks_root() / text
    return path


def foreign_package() -> tuple[str, str] | None:
    """Return what is wrong, and the command that repairs it, if another project's package shares this one's folder.

    The name `sc-neurocore` on the Python Package Index belongs to another project, which has the same import name. If
    both are installed into one environment, the one installed later has replaced files of the other.

    Returns:
        (problem, command), or None if there is no such package.
    """
    site = Path(__file__).resolve().parents[1]
    found = sorted(site.glob("sc_neurocore-*.dist-info"))
    if not found:
        return None
    version = found[0].name.removeprefix("sc_neurocore-").removesuffix(".dist-info")
    python = shlex.quote(sys.executable or "python3")
    return (
        f"another project's package sc-neurocore {version} is installed in {site} and shares files with this one",
        f"{python} -m pip uninstall sc-neurocore sc-neurocore-rtl, then install this one again",
    )
