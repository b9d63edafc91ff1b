"""Networks of other frameworks, by the Neuromorphic Intermediate Representation. Needs `pip install nir h5py`.

NIR (Pedersen et al. 2024) is the common file format of snnTorch, Norse, SpikingJelly, Sinabs, Rockpool and others. A
file holds a graph of layers and neurons as differential equations. This package reads such a graph, runs it, and makes
a `Network` of it, which the simulators and the hardware take (docs/nir.md).

* `from_nir` reads a file, or takes a `nir.NIRGraph`, and returns a `NirNetwork`.
* `NirNetwork.run` is the float reference: it computes what the framework itself would compute.
* `support` names everything that takes a network, and the reason for everything that does not.
* `convert` makes a `Network` of a `NirNetwork`; `rate_model` is the step before it, a network of ReLUs in floats.
* `import_network` does all of this for a data set and writes the artifact, as `sc-neurocore import` does.
* `to_nir` writes a network as a graph; `network_of` gets a `Network` back from such a graph.

Importing this package imports neither h5py nor nir nor torch. A name that needs torch is imported when it is first
used.
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

# The module that defines each name that is imported on demand. `conversion` and `importing` need torch.
_HOME = {
    "Imported": "importing",
    "convert": "conversion",
    "import_network": "importing",
    "network_of": "export",
    "rate_model": "conversion",
    "to_nir": "export",
}


def __getattr__(name: str) -> Any:
    """Import a name of `_HOME` when it is first used, so that the package itself starts without torch.

    Raises:
        AttributeError: The package has no such name.
        ScError: The name needs torch, and torch is not installed.
    """
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ScError(f"{name}: {NEEDS_TORCH}") from error
