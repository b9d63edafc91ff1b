"""Networks of other frameworks by the Neuromorphic Intermediate Representation. Needs `pip install nir h5py`.

`from_nir` reads a file or graph, `to_nir` writes one. A `NirNetwork` runs as a float reference; `convert` makes a
`Network` of it, for the simulators and the hardware; `support` says what takes it, and why the others do not;
`import_network` does all of it for a data set, as `sc-neurocore import` does. Importing this package imports neither
h5py, nir nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import ScError
from .discretisation import PRESETS, Discretisation
from .network import NirNetwork, Run, from_nir
from .targets import NEEDS_TORCH, support

if TYPE_CHECKING:
    from .conversion import convert, rate_model
    from .export import network_of, to_nir
    from .importing import Imported, import_network

__all__ = [
    "PRESETS",
    "Discretisation",
    "Imported",
    "NirNetwork",
    "Run",
    "convert",
    "from_nir",
    "import_network",
    "network_of",
    "rate_model",
    "support",
    "to_nir",
]

# Where each lazy name lives; those of `conversion` need torch.
_HOME = {
    "Imported": "importing",
    "convert": "conversion",
    "import_network": "importing",
    "network_of": "export",
    "rate_model": "conversion",
    "to_nir": "export",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ScError(f"{name}: {NEEDS_TORCH}") from error
