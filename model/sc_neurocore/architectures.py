"""What suits streams: chains with a length per layer, ensembles over seeds, reservoirs; and networks from PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .encoding import drawn_modes, draws, fresh_seed
from .errors import ScError, require
from .layers.vectorized_sc_layer import VectorizedSCLayer
from .network import THETA_FRAC, DenseLayer, InputSpec, Network
from .neurons import classify
from .sources import takes_seed, with_seed

__all__ = ["LinearReadout", "SCEnsemble", "SCReservoir", "SCSequential", "convert_torch"]


def _seed_of(seed: int, k: int) -> int:
    """Return the seed of part k: a child, so that parts have different streams."""
    return int(np.random.SeedSequence([seed, k]).generate_state(1, np.uint32)[0])


class SCSequential:
    """VectorizedSCLayers in a chain: each but the last passes on rates, the last gives rates or scores.

    Raises ScError for no layer or layers that do not chain.

    >>> chain = SCSequential([VectorizedSCLayer(4, 3, 64, seed=0), VectorizedSCLayer(3, 2, 64, seed=1)])
    >>> chain.with_lengths([16, 256]).lengths
    (16, 256)
    """

    def __init__(self, layers: Sequence[VectorizedSCLayer]) -> None:
        self.layers = tuple(layers)
        require(self.layers, "layers must hold at least one layer, got none")
        for k, layer in enumerate(self.layers):
            require(
                isinstance(layer, VectorizedSCLayer),
                f"layer {k} must be a VectorizedSCLayer, got {type(layer).__name__}",
            )
            before = self.layers[k - 1].n_neurons if k else layer.n_inputs
            require(
                layer.n_inputs == before,
                f"layer {k} takes {layer.n_inputs} inputs but gets {before}: shapes must chain",
            )

    @property
    def lengths(self) -> tuple[int, ...]:
        """L of each layer."""
        return tuple(layer.length for layer in self.layers)

    def forward(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the rates of the last layer, (n_neurons,) or (B, n_neurons); x: (n_inputs,) or (B, n_inputs)."""
        return self.layers[-1].forward(self._hidden(x))

    def scores(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the sums S/L of the last layer (A9), signed and unclipped, of the same shape."""
        return self.layers[-1].scores(self._hidden(x))

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Return the classes by scores: an int64 array, of shape () for one sample."""
        return classify(self.scores(x))

    def _hidden(self, x: ArrayLike) -> ArrayLike:
        for layer in self.layers[:-1]:
            x = layer.forward(x)
        return x

    def with_lengths(self, lengths: Sequence[int]) -> SCSequential:
        """Return the chain with a length for each layer (progressive precision): rates are encoded anew in between."""
        require(
            len(lengths) == len(self.layers),
            f"lengths must have one for each of {len(self.layers)} layers, got {lengths}",
        )
        return SCSequential([layer.replace(length=n) for layer, n in zip(self.layers, lengths, strict=True)])

    def with_seed(self, seed: int) -> SCSequential:
        """Return the chain with the same weights on other streams, of "bernoulli" and "lfsr"."""
        first = checks.integer("seed", seed, 0)
        return SCSequential([layer.replace(seed=_seed_of(first, k)) for k, layer in enumerate(self.layers)])

    def to_network(self, input_spec: InputSpec | None = None, name: str = "network") -> Network:
        """Return the Network that computes the very same scores, for golden model, RTL and boards.

        input_spec: of the samples; by default codes 0 … L. Raises ScError where layers differ in length or weight
        source, or where activations are not "counter".
        """
        length, w_mode = self.layers[0].length, self.layers[0].w_mode
        for k, layer in enumerate(self.layers):
            require(layer.length == length, f"a Network has one length: layer {k} has {layer.length}, not {length}")
            require(layer.w_mode == w_mode, f"a Network has one weight source: layer {k} has {layer.w_mode!r}")
            for what, mode in (("x_mode", layer.x_mode), ("w_mode", layer.w_mode)):
                require(mode != "bernoulli", f"a Network has no random source: layer {k} has {what} 'bernoulli'")
        dense = []
        for k, layer in enumerate(self.layers):
            codes = layer.codes
            bias = np.zeros(layer.n_neurons, np.int64) if layer.bias is None else codes[:, -1]
            theta = layer.theta if k < len(self.layers) - 1 else None
            weights = codes[:, : layer.n_inputs].astype(np.int16)
            dense.append(DenseLayer(weights, bias.astype(np.int16), theta))
        spec = input_spec or InputSpec((self.layers[0].n_inputs,), full_scale=length)
        sources: dict[str, Any] = {"activation_source": self.layers[0].x_mode, "weight_source": _plain(self.layers[0])}
        return Network(length, tuple(dense), spec, THETA_FRAC, name=name, **sources)

    @classmethod
    def from_network(cls, network: Network) -> SCSequential:
        """Return the chain of a dense `window_if` network: the same codes and thresholds, so the same scores.

        Raises ScError for a network with lif neurons, MUX adders, other layers or another theta_frac than 4.
        """
        other = network.other_neurons
        require(other is None, f"SCSequential has window_if neurons only, the network has {other} neurons")
        require(not network.mux, "SCSequential adds by counters only, the network has MUX adders")
        require(
            network.theta_frac == THETA_FRAC,
            f"theta_frac must be {THETA_FRAC} for SCSequential, got {network.theta_frac}",
        )
        # A bare "lfsr" starts from 1 in a Network (A3), from the seed in a layer.
        w_mode = with_seed(network.weight_source, network.length, None)
        layers = []
        for dense in network.dense_layers("SCSequential"):
            layer = VectorizedSCLayer(
                dense.inputs,
                dense.neurons,
                network.length,
                seed=0,
                gain=None if dense.theta is None else (1 << THETA_FRAC) / dense.theta,
                bias=dense.bias / network.length,
                x_mode=network.activation_source,
                w_mode=w_mode,
            )
            layer.weights = dense.weights / network.length
            layers.append(layer)
        return cls(layers)


def _plain(layer: VectorizedSCLayer) -> str:
    """Return the weight source by its whole name: an "lfsr" that a seed starts needs its start."""
    mode = layer.w_mode
    if not takes_seed(mode):
        return mode
    raise ScError(f"w_mode {mode!r} starts from the layer's seed: name the start, '{mode}:<r(0)>', for a Network")


class SCEnsemble:
    """The mean of one model over streams of several seeds: the noise of N members falls as 1/√N.

    model: an SCSequential or VectorizedSCLayer with at least one "bernoulli" or "lfsr" source; the weights are shared.
    seeds: at least one, all different. Raises ScError for a model whose streams no seed changes.
    """

    def __init__(self, model: SCSequential | VectorizedSCLayer, seeds: Sequence[int]) -> None:
        chain = model if isinstance(model, SCSequential) else SCSequential([model])
        modes = {mode for layer in chain.layers for mode in (layer.x_mode, layer.w_mode)}
        require(
            any(draws(mode) for mode in modes),
            f"an ensemble needs a source that a seed changes, {' or '.join(map(repr, drawn_modes()))}, got "
            f"{', '.join(sorted(modes))}: "
            "all members would be equal",
        )
        require(len(seeds) > 0, "seeds must hold at least one, got none")
        require(len(set(seeds)) == len(seeds), f"seeds must differ, got {list(seeds)}")
        self.members = tuple(chain.with_seed(seed) for seed in seeds)

    def forward(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the members' mean rates."""
        mean: NDArray[np.float64] = np.mean([member.forward(x) for member in self.members], axis=0)
        return mean

    def scores(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the members' mean scores."""
        mean: NDArray[np.float64] = np.mean([member.scores(x) for member in self.members], axis=0)
        return mean

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Return the classes by mean scores."""
        return classify(self.scores(x))


class SCReservoir:
    """A fixed random recurrent layer on streams; only a readout of its states is trained (Jaeger 2001).

        s(k + 1) = rate(W_in·(u(k) − 1/2) + W·(s(k) − 1/2) + 1/2),     s(0) = 1/2

    W_in: uniform, Σ|W_in| = input_scale in each row. W: a share `density` of normal weights, rows of sum 0, scaled to
    spectral_radius. So s stays about 1/2, mostly in the linear range of a rate of gain 1.
    n_inputs, n_neurons: at least 2 neurons. length, x_mode, w_mode: as VectorizedSCLayer, which computes the rates.
    seed: of weights and streams; None draws one, kept as `seed`. spectral_radius: below 1 for a memory that fades.
    Raises ScError for bad values.
    """

    def __init__(
        self,
        n_inputs: int,
        n_neurons: int,
        length: int = 256,
        seed: int | None = None,
        *,
        spectral_radius: float = 0.9,
        input_scale: float = 0.2,
        density: float = 0.2,
        x_mode: str = "counter",
        w_mode: str = "vdc",
    ) -> None:
        self.n_inputs = checks.integer("n_inputs", n_inputs, 1)
        self.n_neurons = checks.integer("n_neurons", n_neurons, 2)
        radius = checks.number("spectral_radius", spectral_radius, 0.0, 1.0)
        scale = checks.number("input_scale", input_scale, 0.0, 1.0)
        share = checks.number("density", density, 0.0, 1.0)
        kept = checks.seed(seed)
        self.seed = fresh_seed() if kept is None else kept
        random = np.random.default_rng([self.seed, 3])
        w_in = random.uniform(-1.0, 1.0, (self.n_neurons, self.n_inputs))
        w_in *= scale / np.abs(w_in).sum(axis=1, keepdims=True)
        w = random.normal(size=(self.n_neurons, self.n_neurons)) * (random.random((self.n_neurons,) * 2) < share)
        ones = np.maximum((w != 0).sum(axis=1, keepdims=True), 1)
        w = np.where(w != 0, w - w.sum(axis=1, keepdims=True) / ones, 0.0)
        largest = float(np.abs(np.linalg.eigvals(w)).max())
        w *= radius / largest if largest > 0 else 0.0
        greatest = float(np.abs(w).max())
        require(
            greatest <= 1,
            f"density {share:g} of {self.n_neurons} neurons needs a weight of {greatest:.3g}, above 1, for a "
            f"spectral_radius of {radius:g}: take more neurons or a greater density",
        )
        self.layer = VectorizedSCLayer(
            self.n_inputs + self.n_neurons,
            self.n_neurons,
            length,
            self.seed,
            gain=1.0,
            bias=0.5 - 0.5 * w_in.sum(axis=1),
            x_mode=x_mode,
            w_mode=w_mode,
        )
        self.layer.weights = np.concatenate([w_in, w], axis=1)

    def forward(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the states after each step, (T, n_neurons) or (B, T, n_neurons), for u (T, n_inputs) or (B, T, …).

        u: in [0, 1]. Every sequence starts from s = 1/2.
        """
        values = checks.floats("u", u)
        require(
            values.ndim in (2, 3) and values.shape[-1] == self.n_inputs,
            f"u must have shape (T, {self.n_inputs}) or (B, T, {self.n_inputs}), got {values.shape}",
        )
        batch = checks.in_range("u", values[None] if values.ndim == 2 else values, 0.0, 1.0)
        state = np.full((len(batch), self.n_neurons), 0.5)
        states = np.empty((*batch.shape[:2], self.n_neurons))
        for k in range(batch.shape[1]):
            state = self.layer.forward(np.concatenate([batch[:, k], state], axis=1))
            states[:, k] = state
        return states[0] if values.ndim == 2 else states


class LinearReadout:
    """Ridge regression, in floats, from states to targets: y = s·W + b, with alpha·‖W‖² added to the squared error.

    alpha: at least 0. Raises ScError for bad values, and for use before `fit`.

    >>> readout = LinearReadout(alpha=0.0).fit([[0.0], [0.5], [1.0]], [1.0, 2.0, 3.0])
    >>> readout.predict([[0.25]]).round(6).tolist()
    [1.5]
    """

    def __init__(self, alpha: float = 1e-6) -> None:
        self.alpha = checks.number("alpha", alpha, 0.0)
        self.weights: NDArray[np.float64] | None = None
        self.bias: NDArray[np.float64] | None = None

    def fit(self, states: ArrayLike, targets: ArrayLike) -> LinearReadout:
        """Fit to states (n, features) and targets (n,) or (n, outputs); return self."""
        s, y = checks.floats("states", states, (None, None)), checks.floats("targets", targets)
        require(y.ndim in (1, 2) and len(y) == len(s), f"targets must have {len(s)} rows, got shape {y.shape}")
        mean_s, mean_y = s.mean(axis=0), y.mean(axis=0)
        centred = s - mean_s
        left = centred.T @ centred + self.alpha * np.eye(s.shape[1])
        self.weights = np.linalg.lstsq(left, centred.T @ (y - mean_y), rcond=None)[0]
        self.bias = np.asarray(mean_y - mean_s @ self.weights)
        return self

    def predict(self, states: ArrayLike) -> NDArray[np.float64]:
        """Return the outputs (n,) or (n, outputs) of states (n, features)."""
        if self.weights is None or self.bias is None:
            raise ScError("LinearReadout must be fitted first")
        s = checks.floats("states", states, (None, self.weights.shape[0]))
        outputs: NDArray[np.float64] = s @ self.weights + self.bias
        return outputs


def convert_torch(model: Any, samples: ArrayLike, length: int = 512) -> SCSequential:
    """Return the layers that compute what a trained torch model of Linear and ReLU computes, signs and biases kept.

    samples: training inputs (n, n_inputs) in [0, 1], some hundred; scales and codes are fitted to them (A12).
    length: L. Weights are sign and magnitude; argmax of `scores` is the class. `to_network` of the result is the same
    network as integers, ready for hardware. Needs PyTorch. Raises ScError for models that
    training.to_network refuses, for convolutions and pooling (which that function takes), and for bad values.
    """
    from .training import to_network

    values = checks.in_range("samples", checks.floats("samples", samples, (None, None)), 0.0, 1.0)
    codes = np.floor(values * length + 0.5).astype(np.int64)
    network = to_network(model, codes, length=length, input_spec=InputSpec((values.shape[1],), full_scale=length))
    return SCSequential.from_network(network)
