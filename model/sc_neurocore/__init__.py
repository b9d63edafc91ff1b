"""Spiking neural networks in stochastic computing: one arithmetic from PyTorch to the FPGA.

In stochastic computing a number in 0 … 1 is a stream of bits, and its value is the share of ones. An AND gate then
multiplies, and a counter adds. This package trains or converts networks for that arithmetic, simulates them bit by bit,
and builds the hardware that gives the same bits.

The classes of docs/api.md are names of this package. Importing it imports none of them, nor torch, nor Numba; the first
use of a name imports what that name needs.

Further modules are imported by their own names, such as `sc_neurocore.training`, `sc_neurocore.backends` or
`sc_neurocore.artifact`. docs/architecture.md says what each of them holds.

Example:
    >>> from sc_neurocore import BitstreamEncoder
    >>> BitstreamEncoder(length=8, mode="vdc").encode(0.25).tolist()
    [1, 0, 0, 0, 1, 0, 0, 0]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .architectures import LinearReadout, SCEnsemble, SCReservoir, SCSequential, convert_torch
    from .encoding import MODES, BitstreamEncoder, bitstream_to_probability
    from .errors import AgreementWarning, ScError, ScWarning, SharedSourceWarning, SilentNetworkWarning
    from .layers.attention import StochasticAttention
    from .layers.sc_conv2d_layer import SCConv2DLayer
    from .layers.sc_dense_layer import SCDenseLayer
    from .layers.vectorized_sc_layer import VectorizedSCLayer
    from .network import Network
    from .spiking import BitstreamSpikeRecorder, StochasticLIFNeuron
    from .streams import scc
    from .synapses import BitstreamCurrentSource, BitstreamSynapse, StochasticSTDPSynapse

__version__ = "0.1.0"

__all__ = [
    "MODES",
    "AgreementWarning",
    "BitstreamCurrentSource",
    "BitstreamEncoder",
    "BitstreamSpikeRecorder",
    "BitstreamSynapse",
    "LinearReadout",
    "Network",
    "SCConv2DLayer",
    "SCDenseLayer",
    "SCEnsemble",
    "SCReservoir",
    "SCSequential",
    "ScError",
    "ScWarning",
    "SharedSourceWarning",
    "SilentNetworkWarning",
    "StochasticAttention",
    "StochasticLIFNeuron",
    "StochasticSTDPSynapse",
    "VectorizedSCLayer",
    "bitstream_to_probability",
    "convert_torch",
    "scc",
]

# Where each lazy name lives.
_HOME = {
    name: module
    for module, names in {
        "architectures": "LinearReadout SCEnsemble SCReservoir SCSequential convert_torch",
        "encoding": "MODES BitstreamEncoder bitstream_to_probability",
        "errors": "AgreementWarning ScError ScWarning SharedSourceWarning SilentNetworkWarning",
        "layers.attention": "StochasticAttention",
        "layers.sc_conv2d_layer": "SCConv2DLayer",
        "layers.sc_dense_layer": "SCDenseLayer",
        "layers.vectorized_sc_layer": "VectorizedSCLayer",
        "network": "Network",
        "spiking": "BitstreamSpikeRecorder StochasticLIFNeuron",
        "streams": "scc",
        "synapses": "BitstreamCurrentSource BitstreamSynapse StochasticSTDPSynapse",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    """Return a public name of the package, importing its module on first use (PEP 562).

    Raises:
        AttributeError: The package has no such name.
    """
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    """Return all names, those that are not imported yet included, for completion in an editor."""
    return sorted({*globals(), *__all__})
