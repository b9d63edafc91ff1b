"""Combinations of layers on bitstreams: chains with a length per layer, ensembles over seeds, and reservoirs.

`convert_torch` makes such a chain from a trained PyTorch model, and `SCSequential.to_network` a `Network` from a chain.
"""

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
    """Return the seed of part k: a child of the seed, so that the parts have different streams."""
    return int(np.random.SeedSequence([seed, k]).generate_state(1, np.uint32)[0])


class SCSequential:
    """A chain of `VectorizedSCLayer`: each layer passes its rates on, and the last one gives rates or scores.

    Args:
        layers: At least one layer; each takes as many inputs as the layer before has neurons.

    Raises:
        ScError: If there is no layer, or the layers do not chain.

    Example:
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
        """Return the rates of the last layer, in [0, 1], shape (n_neurons,) or (B, n_neurons).

        Args:
            x: Inputs in [0, 1], shape (n_inputs,) or (B, n_inputs).
        """
        return self.layers[-1].forward(self._hidden(x))

    def scores(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the sums S/L of the last layer (A9, readout), signed and not clipped, in the shape of `forward`."""
        return self.layers[-1].scores(self._hidden(x))

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Return the class with the greatest score of each sample: an int64 array, of shape () for a single sample."""
        return classify(self.scores(x))

    def _hidden(self, x: ArrayLike) -> ArrayLike:
        """Return what the last layer gets."""
        for layer in self.layers[:-1]:
            x = layer.forward(x)
        return x

    def with_lengths(self, lengths: Sequence[int]) -> SCSequential:
        """Return the chain with another length for each layer (progressive precision).

        Rates are encoded again between the layers, so the lengths may differ. Short streams in the first layers save
        time.

        Args:
            lengths: One L for each layer.
        """
        require(
            len(lengths) == len(self.layers),
            f"lengths must have one for each of {len(self.layers)} layers, got {lengths}",
        )
        return SCSequential([layer.replace(length=n) for layer, n in zip(self.layers, lengths, strict=True)])

    def with_seed(self, seed: int) -> SCSequential:
        """Return the chain with the same weights on other streams; it changes "bernoulli" and "lfsr" only."""
        first = checks.integer("seed", seed, 0)
        return SCSequential([layer.replace(seed=_seed_of(first, k)) for k, layer in enumerate(self.layers)])

    def to_network(self, input_spec: InputSpec | None = None, name: str = "network") -> Network:
        """Return the `Network` that computes exactly the same scores, for the golden model, RTL and boards.

        Args:
            input_spec: How samples become input codes; by default the samples are codes 0 … L themselves.
            name: Name of the network.

        Raises:
            ScError: If layers differ in length or weight source, if activations are not "counter", or a source is
                random.
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

        Raises:
            ScError: For a network with `lif` neurons, MUX adders, layers that are not dense, or a theta_frac other than
                4.
        """
        network.one_window("SCSequential")
        other = network.other_neurons
        require(other is None, f"SCSequential has window_if neurons only, the network has {other} neurons")
        require(not network.mux, "SCSequential adds by counters only, the network has MUX adders")
        require(
            network.theta_frac == THETA_FRAC,
            f"theta_frac must be {THETA_FRAC} for SCSequential, got {network.theta_frac}",
        )
        # A bare "lfsr" starts from 1 in a Network (A3, number sources), from the seed in a layer.
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
    """Return the full name of a layer's weight source; raises ScError for one whose start the layer's seed gives."""
    mode = layer.w_mode
    if not takes_seed(mode):
        return mode
    raise ScError(f"w_mode {mode!r} starts from the layer's seed: name the start, '{mode}:<r(0)>', for a Network")


class SCEnsemble:
    """The mean of one model over streams of several seeds; the noise of N members falls as 1/√N.

    Args:
        model: A chain or a single layer with at least one "bernoulli" or "lfsr" source. All members share its weights.
        seeds: At least one seed; all must differ.

    Raises:
        ScError: If no seed changes the streams of the model, since all members would be equal, or the seeds are not
            legal.
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
        """Return the mean of the members' rates, in the shape of `SCSequential.forward`."""
        mean: NDArray[np.float64] = np.mean([member.forward(x) for member in self.members], axis=0)
        return mean

    def scores(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the mean of the members' scores, in the shape of `SCSequential.forward`."""
        mean: NDArray[np.float64] = np.mean([member.scores(x) for member in self.members], axis=0)
        return mean

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """Return the class with the greatest mean score of each sample."""
        return classify(self.scores(x))


class SCReservoir:
    """A fixed random recurrent layer on streams; only a readout of its states is trained (Jaeger 2001).

        s(k + 1) = rate(W_in·(u(k) − 1/2) + W·(s(k) − 1/2) + 1/2),     s(0) = 1/2

    Here u(k) is the input at step k and s(k) the state, both in [0, 1]. W_in is uniform, with Σ|W_in| = input_scale in
    each row. W has a share `density` of normal weights; its rows have the sum 0, and it is scaled to spectral_radius.
    So s stays about 1/2, mostly in the linear range of a rate with gain 1. A `VectorizedSCLayer` computes the rates.

    Args:
        n_inputs: At least 1.
        n_neurons: At least 2.
        length: L.
        seed: Seed of weights and streams; None draws one, kept as `seed`.
        spectral_radius: Greatest magnitude of an eigenvalue of W, 0 … 1; below 1 for a memory that fades.
        input_scale: 0 … 1.
        density: 0 … 1.
        x_mode: As of `VectorizedSCLayer`.
        w_mode: As of `VectorizedSCLayer`.

    Raises:
        ScError: For bad values, and if the spectral radius would need a weight above 1.
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
        # Rows of sum 0, so that W·s equals W·(s − 1/2), which the equation of the class has.
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
            # The constants of the equation: 1/2 − W_in·1/2; those of W cancel, since its rows have the sum 0.
            bias=0.5 - 0.5 * w_in.sum(axis=1),
            x_mode=x_mode,
            w_mode=w_mode,
        )
        self.layer.weights = np.concatenate([w_in, w], axis=1)

    def forward(self, u: ArrayLike) -> NDArray[np.float64]:
        """Return the states after each step. Every sequence starts from s = 1/2.

        Args:
            u: Inputs in [0, 1], shape (T, n_inputs) or (B, T, n_inputs).

        Returns:
            float64, shape (T, n_neurons) or (B, T, n_neurons).
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

    Args:
        alpha: Strength of the regularisation, at least 0.

    Raises:
        ScError: For bad values, and if `predict` is called before `fit`.

    Example:
        >>> readout = LinearReadout(alpha=0.0).fit([[0.0], [0.5], [1.0]], [1.0, 2.0, 3.0])
        >>> readout.predict([[0.25]]).round(6).tolist()
        [1.5]
    """

    def __init__(self, alpha: float = 1e-6) -> None:
        self.alpha = checks.number("alpha", alpha, 0.0)
        self.weights: NDArray[np.float64] | None = None
        self.bias: NDArray[np.float64] | None = None

    def fit(self, states: ArrayLike, targets: ArrayLike) -> LinearReadout:
        """Fit weights and bias, and return self.

        Args:
            states: Shape (n, features).
            targets: Shape (n,) or (n, outputs).
        """
        s, y = checks.floats("states", states, (None, None)), checks.floats("targets", targets)
        require(y.ndim in (1, 2) and len(y) == len(s), f"targets must have {len(s)} rows, got shape {y.shape}")
        mean_s, mean_y = s.mean(axis=0), y.mean(axis=0)
        centred = s - mean_s
        left = centred.T @ centred + self.alpha * np.eye(s.shape[1])
        self.weights = np.linalg.lstsq(left, centred.T @ (y - mean_y), rcond=None)[0]
        self.bias = np.asarray(mean_y - mean_s @ self.weights)
        return self

    def predict(self, states: ArrayLike) -> NDArray[np.float64]:
        """Return the outputs, shape (n,) or (n, outputs), for states of shape (n, features)."""
        if self.weights is None or self.bias is None:
            raise ScError("LinearReadout must be fitted first")
        s = checks.floats("states", states, (None, self.weights.shape[0]))
        outputs: NDArray[np.float64] = s @ self.weights + self.bias
        return outputs


def convert_torch(model: Any, samples: ArrayLike, length: int = 512) -> SCSequential:
    """Return the chain that computes what a trained torch model of Linear and ReLU computes; it needs PyTorch.

    The class is the argmax of `scores`. `to_network` of the result is the same network as integers, ready for hardware.

    Args:
        model: The model.
        samples: Some hundred training inputs in [0, 1], shape (n, n_inputs). Scales and codes are fitted to them (A12,
            training).
        length: L.

    Raises:
        ScError: For a model that `training.to_network` refuses, for convolutions and pooling (which that function
            accepts), and for bad values.
    """
    from .training import to_network

    values = checks.in_range("samples", checks.floats("samples", samples, (None, None)), 0.0, 1.0)
    codes = np.floor(values * length + 0.5).astype(np.int64)
    network = to_network(model, codes, length=length, input_spec=InputSpec((values.shape[1],), full_scale=length))
    return SCSequential.from_network(network)
