"""Synapses on bitstreams: one synapse, one that learns (STDP), and a current through many synapses.

These classes are for work in Python, in physical or normalised units. `network_layers` has the layers of a `Network`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import checks
from .encoding import (
    as_mode,
    as_seeded_mode,
    fresh_seed,
    levels,
    probability_codes,
    source_numbers,
    source_pair,
    warn_if_shared,
    weight_codes,
)
from .errors import require
from .sources import SourceLike
from .streams import multiply, popcount, sng

__all__ = [
    "BitstreamCurrentSource",
    "BitstreamSynapse",
    "StdpRule",
    "StochasticSTDPMatrix",
    "StochasticSTDPSynapse",
    "current_counts",
]

# Stream bits that are formed at a time: bounds memory.
_BLOCK_BITS = 1 << 24


class BitstreamSynapse:
    """A weight as a stream: P(out) = P(pre)·P(weight), by an AND gate (A5, multiply).

    P(weight) is (w − w_min) / (w_max − w_min). The map is affine, so the sign of a weight from a range below 0 is not
    in the stream, and whoever decodes the output must know the range. The numbers restart in every window, so a synapse
    always has the same stream for the same weight.

    Args:
        w_min: Least weight.
        w_max: Greatest weight.
        length: Bits of a stream.
        w: The weight, in [w_min, w_max].
        seed: As of `BitstreamEncoder`.
        mode: The weight's number source (see encoding.MODES). With a source of A3 (number sources) the weight's code is
        at most L − 1.

    Raises:
        ScError: For bad values. A weight within 1e-9 of its range is clipped instead.

    Example:
        >>> synapse = BitstreamSynapse(w_min=0.0, w_max=2.0, length=16, w=1.0, mode="vdc")
        >>> synapse.apply([1] * 4 + [0] * 12).tolist()
        [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    """

    def __init__(
        self,
        w_min: float,
        w_max: float,
        length: int = 256,
        w: float = 0.5,
        seed: int | None = None,
        *,
        mode: SourceLike = "bernoulli",
    ) -> None:
        self.w_min, self.w_max = checks.interval("w_min", w_min, "w_max", w_max)
        self.mode, self.length, self.seed = as_seeded_mode(mode, length, seed)
        self._numbers = source_numbers(self.mode, self.length, self.seed)
        self.update_weight(w)

    def update_weight(self, w: float) -> None:
        """Set the weight, in [w_min, w_max], and form its stream; raises ScError for a weight out of range."""
        self.w = checks.number("w", w, self.w_min, self.w_max)
        p = (self.w - self.w_min) / (self.w_max - self.w_min)
        self._code = int(weight_codes(p, self.mode, self.length))
        self.weight_bits = sng(self._code, self._numbers).astype(np.uint8)

    def apply(self, pre_bits: ArrayLike) -> NDArray[np.uint8]:
        """Return the output stream pre ∧ weight, uint8, shape (length,).

        It gives a SharedSourceWarning if pre_bits come from the weight's own numbers, as those of an encoder with the
        same seed do; the AND gate would then give the minimum instead of the product.

        Args:
            pre_bits: The input stream, 0 and 1, shape (length,); raises ScError for another.
        """
        pre = checks.bits("pre_bits", pre_bits, self.length)
        warn_if_shared(
            pre, self._numbers, "pre_bits and the weight", "give encoder and synapse different seeds or modes"
        )
        return multiply(pre, self.weight_bits.astype(bool), False)[0].astype(np.uint8)

    def effective_weight_probability(self) -> float:
        """Return the fraction of ones in the weight's stream: (w − w_min) / (w_max − w_min), except for its error."""
        return float(self.weight_bits.mean())


# Clock of the latest spike where there was none: so long ago that no window reaches it.
_NEVER = -(1 << 62)


@dataclass(frozen=True, slots=True)
class StdpRule:
    """How a weight changes with the order of spikes; `StochasticSTDPSynapse` has the equations.

    Attributes:
        learning_rate: Greatest change, in units of w_max − w_min; at least 0.
        window_size: Greatest distance of two spikes that changes a weight, in clocks; at least 1.
        ltd_ratio: Size of a decrease (long-term depression) relative to an increase; at least 0.
    """

    learning_rate: float = 0.01
    window_size: int = 5
    ltd_ratio: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "learning_rate", checks.number("learning_rate", self.learning_rate, 0.0))
        object.__setattr__(self, "window_size", checks.integer("window_size", self.window_size, 1))
        object.__setattr__(self, "ltd_ratio", checks.number("ltd_ratio", self.ltd_ratio, 0.0))

    def _share(self, interval: Any) -> Any:
        """Return the share of the full change for a distance in clocks: 1 for one clock, 0 behind the window."""
        return (interval <= self.window_size) * (1 - (interval - 1) / self.window_size)

    def change(self, pre: Any, post: Any, since_pre: Any, since_post: Any) -> Any:
        """Return the change of a weight in units of w_max − w_min.

        Numbers and arrays that broadcast are accepted.

        Args:
            pre: Whether the input spikes now, 0 or 1.
            post: Whether the neuron spikes now, 0 or 1.
            since_pre: Clocks since the input's latest earlier spike, at least 1.
            since_post: Clocks since the neuron's latest earlier spike, at least 1.

        Example:
            >>> StdpRule(learning_rate=0.5, window_size=2).change(0, 1, 2, 9)
            0.25
        """
        up = post * self.learning_rate * self._share(since_pre)
        down = pre * self.learning_rate * self._share(since_post)
        return up - self.ltd_ratio * down


class StochasticSTDPSynapse(BitstreamSynapse):
    """A synapse that learns from the order of spikes, bit by bit (pair-based STDP; Song, Miller and Abbott 2000).

    STDP is spike-timing-dependent plasticity: a synapse whose input spikes just before the neuron becomes stronger, and
    one whose input spikes just after it becomes weaker. If a spike comes Δ clocks after the latest one of the other
    side, with 1 ≤ Δ ≤ window_size, the weight changes by

        +learning_rate·(w_max − w_min)·(1 − (Δ − 1)/window_size)              at a post spike: pre came before,
        −ltd_ratio·learning_rate·(w_max − w_min)·(1 − (Δ − 1)/window_size)    at a pre spike: post came before,

    and stays in [w_min, w_max]. Spikes in the same clock have no order, so they change nothing between them; an older
    spike of the other side still counts for both.

    Args:
        w_min: Least weight.
        w_max: Greatest weight.
        length: Bits of a stream.
        w: The first weight.
        seed: As of `BitstreamEncoder`.
        learning_rate: At least 0.
        window_size: Clocks, at least 1.
        ltd_ratio: At least 0.
        mode: As of `BitstreamSynapse`.

    Example:
        >>> synapse = StochasticSTDPSynapse(w_min=0.0, w_max=1.0, w=0.5, seed=1)
        >>> _ = synapse.process_step(1, 0), synapse.process_step(0, 1)
        >>> synapse.w
        0.51
    """

    def __init__(
        self,
        w_min: float,
        w_max: float,
        length: int = 256,
        w: float = 0.5,
        seed: int | None = None,
        learning_rate: float = 0.01,
        window_size: int = 5,
        ltd_ratio: float = 0.5,
        *,
        mode: SourceLike = "bernoulli",
    ) -> None:
        super().__init__(w_min, w_max, length, w, seed, mode=mode)
        self.rule = StdpRule(learning_rate, window_size, ltd_ratio)
        self.reset()

    def reset(self) -> None:
        """Forget all spikes and return to the first clock of the weight's window; the weight stays."""
        self._clock = 0
        self._last_pre = self._last_post = _NEVER

    def process_step(self, pre_bit: int, post_bit: int) -> int:
        """Advance one clock: return pre ∧ weight(t), formed with the weight from before this clock; then learn.

        Args:
            pre_bit: Whether the input spikes, 0 or 1.
            post_bit: Whether the neuron spikes, 0 or 1.

        Raises:
            ScError: For a value other than 0 or 1.
        """
        require(pre_bit in (0, 1), f"pre_bit must be 0 or 1, got {pre_bit!r}")
        require(post_bit in (0, 1), f"post_bit must be 0 or 1, got {post_bit!r}")
        t = self._clock
        out = int(pre_bit) & int(self._code > self._numbers[t % self.length])
        change = self.rule.change(int(pre_bit), int(post_bit), t - self._last_pre, t - self._last_post)
        if pre_bit:
            self._last_pre = t
        if post_bit:
            self._last_post = t
        if change:
            w = self.w + change * (self.w_max - self.w_min)
            self.update_weight(min(max(w, self.w_min), self.w_max))
        self._clock = t + 1
        return out


class StochasticSTDPMatrix:
    """One `StochasticSTDPSynapse` for each input and neuron, as arrays: the same streams, learning by the same rule.

    All neurons share the number sources of the weights, as in hardware: with "bernoulli" there is one source an input,
    else one for all. The weights `w` may be set between clocks.

    Args:
        w: The first weights, in [w_min, w_max], shape (neurons, inputs).
        w_min: Least weight.
        w_max: Greatest weight.
        length: Bits of a stream.
        seed: As of `BitstreamEncoder`.
        rule: How weights change; None for `StdpRule()`.
        mode: As of `BitstreamSynapse`.

    Raises:
        ScError: For bad values.

    Example:
        >>> matrix = StochasticSTDPMatrix([[0.5, 0.5]], 0.0, 1.0, mode="vdc")
        >>> _ = matrix.process_step([1, 0], [0]), matrix.process_step([0, 0], [1])
        >>> matrix.w.tolist()
        [[0.51, 0.5]]
    """

    def __init__(
        self,
        w: ArrayLike,
        w_min: float,
        w_max: float,
        length: int = 256,
        seed: int | None = None,
        rule: StdpRule | None = None,
        *,
        mode: SourceLike = "bernoulli",
    ) -> None:
        self.w_min, self.w_max = checks.interval("w_min", w_min, "w_max", w_max)
        self.mode, self.length = as_mode(mode, length)
        self.rule = StdpRule() if rule is None else rule
        self._set(checks.floats("w", w, (None, None)))
        self.seed = checks.seed(seed)
        if self.seed is None and self.mode == "bernoulli":
            self.seed = fresh_seed()
        self._numbers = np.atleast_2d(source_numbers(self.mode, self.length, self.seed, self._w.shape[1]))
        self.reset()

    def _set(self, w: NDArray[np.float64]) -> None:
        self._w = checks.in_range("w", w, self.w_min, self.w_max)
        self._w.setflags(write=False)
        self._codes = weight_codes((self._w - self.w_min) / (self.w_max - self.w_min), self.mode, self.length)

    @property
    def w(self) -> NDArray[np.float64]:
        """The weights, float64 (neurons, inputs); the array is read-only, but may be replaced by assignment."""
        return self._w

    @w.setter
    def w(self, values: ArrayLike) -> None:
        self._set(checks.floats("w", values, self._w.shape))

    def reset(self) -> None:
        """Forget all spikes and return to the first clock of the weights' window; the weights stay."""
        neurons, inputs = self._w.shape
        self._clock = 0
        self._last_pre, self._last_post = np.full(inputs, _NEVER), np.full((neurons, 1), _NEVER)

    def process_step(self, pre_bits: ArrayLike, post_bits: ArrayLike) -> NDArray[np.bool_]:
        """Advance one clock: return pre ∧ weight(t), formed with the weights from before this clock; then learn.

        Args:
            pre_bits: Whether each input spikes, 0 and 1, shape (inputs,).
            post_bits: Whether each neuron spikes, 0 and 1, shape (neurons,).

        Returns:
            Bits, shape (neurons, inputs).
        """
        neurons, inputs = self._w.shape
        pre, post = checks.bits("pre_bits", pre_bits, inputs), checks.bits("post_bits", post_bits, neurons)[:, None]
        pre, post, t = pre.astype(bool), post.astype(bool), self._clock
        out = multiply(pre, sng(self._codes, self._numbers[:, t % self.length]), False)[0]
        # Most clocks change nothing: only a spike just now, and only within a window of one of the other side, does.
        if post.any() or (pre.any() and t - self._last_post.max() <= self.rule.window_size):
            change = self.rule.change(pre, post, t - self._last_pre, t - self._last_post)
            self.w = np.clip(self._w + change * (self.w_max - self.w_min), self.w_min, self.w_max)
        self._last_pre[pre] = t
        self._last_post[post] = t
        self._clock = t + 1
        return out


def current_counts(
    x_codes: NDArray[np.int64], w_codes: NDArray[np.int64], r_x: NDArray[np.int64], r_w: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return what a parallel counter counts at each clock (A5, multiply; A6, add), int64, shape (neurons, L).

    Args:
        x_codes: Codes of the inputs, at least 0, shape (inputs,).
        w_codes: Codes of the weights, at least 0, shape (neurons, inputs).
        r_x: Numbers of the inputs' source, shape (L,) or (inputs, L).
        r_w: Numbers of the weights' source, shape (L,) or (inputs, L).
    """
    x = sng(x_codes[:, None], r_x)
    length = x.shape[1]
    counts = np.empty((len(w_codes), length), dtype=np.int64)
    # Streams of all neurons at once could fill the memory, so they are formed in blocks of neurons.
    block = max(1, _BLOCK_BITS // (len(x_codes) * length))
    for start in range(0, len(w_codes), block):
        w = sng(w_codes[start : start + block, :, None], r_w)
        counts[start : start + block] = popcount(multiply(x, w, False)[0], axis=1)
    return counts


class BitstreamCurrentSource:
    """A current I(t) from N inputs through N synapses: the counted product bits of clock t, scaled.

        I(t) = y_min + (y_max − y_min)·(1/N)·Σᵢ xᵢ(t) ∧ wᵢ(t)

    A stream carries where a value lies in its range, not the value itself. So the current has no sign of a weight from
    a range below 0; `dot_product_estimate` corrects for that. The streams are periodic: clock t has the bits of t mod
    length.

    With "bernoulli" every stream has its own numbers. All other modes are shared by all inputs, as in hardware, and the
    codes of weights are then at most L − 1. "counter" with "vdc" gives the sums of a `Network` exactly. Note that with
    "counter" the ones of all inputs come first, so the current comes as one burst in each window.

    It gives a SharedSourceWarning if inputs and weights share source and phase.

    Args:
        x_inputs: N values in [x_min, x_max].
        x_min: Least input.
        x_max: Greatest input.
        weight_values: N weights in [w_min, w_max].
        w_min: Least weight.
        w_max: Greatest weight.
        length: Bits of a stream.
        y_min: Current if no product bit is 1.
        y_max: Current if all product bits are 1.
        seed: Seed of the streams; None draws one for "bernoulli", which the attribute `seed` keeps.
        x_mode: Number source of the inputs (encoding.MODES).
        w_mode: Number source of the weights.

    Raises:
        ScError: For bad values.

    Example:
        >>> source = BitstreamCurrentSource([0.5, 1.0], 0.0, 1.0, [0.5, 0.5], 0.0, 1.0, length=4, y_max=1.0,
        ...                                 x_mode="counter", w_mode="vdc")
        >>> [source.step() for _ in range(5)], source.full_current_estimate()
        ([1.0, 0.0, 0.5, 0.0, 1.0], 0.375)
    """

    def __init__(
        self,
        x_inputs: Sequence[float] | NDArray[np.float64],
        x_min: float,
        x_max: float,
        weight_values: Sequence[float] | NDArray[np.float64],
        w_min: float,
        w_max: float,
        length: int = 1024,
        y_min: float = 0.0,
        y_max: float = 0.1,
        seed: int | None = None,
        *,
        x_mode: SourceLike = "bernoulli",
        w_mode: SourceLike = "bernoulli",
    ) -> None:
        weights = checks.floats("weight_values", weight_values, (None,))
        self._streams = CurrentStreams(
            x_inputs, x_min, x_max, weights[None], w_min, w_max, length, y_min, y_max, seed, x_mode, w_mode
        )
        self.length, self.seed = self._streams.length, self._streams.seed
        self._trace = self._streams.currents[0]
        self._clock = 0

    def step(self) -> float:
        """Return the current of this clock, and go to the next clock."""
        current = float(self._trace[self._clock % self.length])
        self._clock += 1
        return current

    def full_current_estimate(self) -> float:
        """Return the mean current over a whole window."""
        return float(self._trace.mean())

    def current_trace(self) -> NDArray[np.float64]:
        """Return a copy of the currents of a whole window from its first clock, float64, shape (length,)."""
        trace: NDArray[np.float64] = self._trace.copy()
        return trace

    def dot_product_estimate(self) -> float:
        """Return Σ w·x as the streams give it, signs included: the affine maps of both ranges are undone."""
        return float(self._streams.dot_products()[0])

    def reset(self) -> None:
        """Go back to clock 0."""
        self._clock = 0


class CurrentStreams:
    """The currents of many neurons over one window: what `BitstreamCurrentSource` is for one neuron.

    The arguments are those of `BitstreamCurrentSource`, but weight_values has the shape (neurons, inputs).

    Attributes:
        length: L.
        seed: The seed, drawn where none was given and a mode needs one.
        counts: Product bits that are 1 at each clock, shape (neurons, length).
        currents: The currents, float64, shape (neurons, length).
    """

    def __init__(
        self,
        x_inputs: ArrayLike,
        x_min: float,
        x_max: float,
        weight_values: ArrayLike,
        w_min: float,
        w_max: float,
        length: int,
        y_min: float,
        y_max: float,
        seed: int | None,
        x_mode: SourceLike,
        w_mode: SourceLike,
    ) -> None:
        x_low, x_high = checks.interval("x_min", x_min, "x_max", x_max)
        w_low, w_high = checks.interval("w_min", w_min, "w_max", w_max)
        y_low, y_high = checks.interval("y_min", y_min, "y_max", y_max)
        x = checks.in_range("x_inputs", checks.floats("x_inputs", x_inputs, (None,)), x_low, x_high)
        weights = checks.floats("weight_values", weight_values, (None, None))
        require(
            weights.shape[1] == len(x),
            f"weight_values must have one weight for each of the {len(x)} x_inputs, got {weights.shape[1]}",
        )
        weights = checks.in_range("weight_values", weights, w_low, w_high)
        x_mode, self.length = as_mode(x_mode, length, "x_mode")
        w_mode, _ = as_mode(w_mode, length, "w_mode")
        kept = checks.seed(seed)
        self.seed = fresh_seed() if kept is None and "bernoulli" in (x_mode, w_mode) else kept
        r_x, r_w = source_pair(x_mode, w_mode, self.length, self.seed, len(x))
        x_codes = probability_codes((x - x_low) / (x_high - x_low), x_mode, self.length)
        w_codes = weight_codes((weights - w_low) / (w_high - w_low), w_mode, self.length)
        self.counts = current_counts(x_codes, w_codes, r_x, r_w)
        self.currents: NDArray[np.float64] = y_low + (y_high - y_low) * self.counts / len(x)
        self._ranges = (x_low, x_high, w_low, w_high)
        self._x01 = x_codes / levels(x_mode, self.length)
        self._w01 = w_codes / levels(w_mode, self.length)

    def dot_products(self) -> NDArray[np.float64]:
        """Return Σ w·x of each neuron, shape (neurons,), computed from the counts.

        With x = x_min + dx·x01 and w = w_min + dw·w01, where x01 and w01 are the fractions that the streams carry, the
        product w·x has four terms. The counts give the sum of w01·x01; the other terms follow from the codes.
        """
        x_low, x_high, w_low, w_high = self._ranges
        dx, dw = x_high - x_low, w_high - w_low
        products = self.counts.sum(axis=1) / self.length
        x_sum, w_sum = self._x01.sum(), self._w01.sum(axis=1)
        estimate: NDArray[np.float64] = (
            dw * dx * products + dw * x_low * w_sum + dx * w_low * x_sum + len(self._x01) * w_low * x_low
        )
        return estimate
