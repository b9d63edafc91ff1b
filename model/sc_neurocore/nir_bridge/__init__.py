"""Networks of other frameworks by the Neuromorphic Intermediate Representation. Needs `pip install sc-neurocore[nir]`.

`from_nir` reads, `to_nir` writes; `NirNetwork` runs as a float reference; `convert` makes a `Network` of it, and
`support` says what takes it and why the others do not. Importing this package imports neither h5py, nir nor torch.
"""

from __future__ import annotations

from .discretisation import PRESETS, Discretisation
from .network import NirNetwork, Run, from_nir

__all__ = ["PRESETS", "Discretisation", "NirNetwork", "Run", "from_nir"]
