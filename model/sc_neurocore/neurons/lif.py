"""`lif`: the leaky integrate-and-fire neuron (A13, neuron `lif`), in integers, clock by clock.

It is the neuron of temporal networks: its potential v leaks, adds the current of each clock, and fires where it reaches
the threshold. `Lif` holds the parameters and is what a layer has; `lif_step` is one clock of it, and `fire` is the part
of a clock that training in floats shares.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..errors import require
from .base import ClockNeuron, PackedClocks, register
from .rtl import RtlStep, StreamLayer

if TYPE_CHECKING:
    from ..kernels import Words

__all__ = ["NEVER", "Lif", "LifParams", "LifState", "fire", "leak", "lif_advance", "lif_leak", "lif_step", "saturate"]


#: Word of the layer table that stands for the theta of a neuron that never spikes.
NEVER = 1 << 15


@register
@dataclass(frozen=True, slots=True)
class Lif(ClockNeuron):
    """The leaky integrate-and-fire neuron `lif` (A13): the parameters of rtl/sc_lif.v and its constant inputs.

    The names are those of the RTL in lower case. All values are integers.

    Attributes:
        theta: threshold, 1 … 2^(width − 1) − 1, in LSB.
        width: bits of v, theta, v_reset and the current, all signed, 4 … 32. At the default of 16 they are read as
            Q8.8.
        leak_mode: 0, shift: v loses v >> leak_shift in each clock. 1, factor: v becomes (v · beta) >> 8.
        leak_shift: 0 … width − 1, where 0 means no leak. It is not read with leak_mode 1.
        beta: part of v that is kept, 0 … 255, in units of 1/256. It is not read with leak_mode 0.
        reset_mode: 0, subtract: a spike takes theta off v. 1, to value: v becomes v_reset after a spike and at the
            start.
        v_reset: −2^(width − 1) … theta − 1. It is not read with reset_mode 0.
        refractory: clocks without a step after a spike, 0 … 255.

    Raises:
        ScError: a parameter is no integer or out of its range. A parameter that is not read is checked all the same.
    """

    theta: int
    width: int = 16
    leak_mode: int = 0
    leak_shift: int = 4
    beta: int = 0
    reset_mode: int = 0
    v_reset: int = 0
    refractory: int = 0

    kind: ClassVar[str] = "lif"
    step_module: ClassVar[str] = "sc_lif_step"
    engine_kind: ClassVar[int | None] = 0

    def __post_init__(self) -> None:
        whole_fields(self)
        # In the words of the RTL's error names.
        require(4 <= self.width <= 32, f"width must be in 4 to 32, got {self.width}")
        require(self.leak_mode in (0, 1), f"leak_mode must be 0 shift or 1 factor, got {self.leak_mode}")
        require(0 <= self.leak_shift < self.width, f"leak_shift must be in 0 to WIDTH minus 1, got {self.leak_shift}")
        require(self.reset_mode in (0, 1), f"reset_mode must be 0 subtract or 1 to value, got {self.reset_mode}")
        require(0 <= self.refractory <= 255, f"refractory must be in 0 to 255, got {self.refractory}")
        # The ports, of which the RTL trusts its user.
        require(0 <= self.beta <= 255, f"beta must be in 0 to 255, got {self.beta}")
        require(1 <= self.theta <= self.v_max, f"theta must be in 1 to {self.v_max}, got {self.theta}")
        require(
            -self.v_max - 1 <= self.v_reset < self.theta,
            f"v_reset must be in {-self.v_max - 1} to theta minus 1, got {self.v_reset}",
        )

    @property
    def v_max(self) -> int:
        """The greatest potential v, 2^(width − 1) − 1; the least is −v_max − 1. A sum beyond saturates there."""
        return (1 << self.width - 1) - 1

    @property
    def v_start(self) -> int:
        """The potential v after reset: v_reset with reset_mode 1, else 0."""
        return self.v_reset if self.reset_mode else 0

    def describe(self) -> dict[str, Any]:
        """Return the entries of a layer's description: the parameters under `lif`, and a `theta` of None.

        Programs that know only `window_if` refuse a null `theta`, so they cannot misread such a layer.
        """
        return {"theta": None, "lif": asdict(self)}

    @classmethod
    def parse(cls, entry: Any) -> Lif:
        """Return the neuron of the parameters under "lif"; raises ScError if one is missing, unknown or refused."""
        return cls(**checks.entries("lif", entry, [each.name for each in fields(cls)]))

    @property
    def current_range(self) -> tuple[int, int]:
        """The least and the greatest current of one clock: those of `width` bits with a sign."""
        return -self.v_max - 1, self.v_max

    @property
    def current_rule(self) -> str:
        """The words by which an error names what a current must fit: the width, which the current shares with v."""
        return f"the {self.width} bits of its lif neurons"

    def start(self, shape: tuple[int, ...] = ()) -> LifState:
        """Return the state after reset of neurons in an array of this shape: v is `v_start`, nothing is refractory."""
        return LifState.start(self, shape)

    def step(self, state: Any, current: NDArray[np.int64]) -> tuple[LifState, NDArray[np.bool_]]:
        """Advance by one clock: (state, current) → (state, spike), by `lif_step`."""
        return lif_step(state, current, self)

    @property
    def potential_bits(self) -> int:
        """Bits of the potential: `width`."""
        return self.width

    def step_of_sample(
        self, state: Any, current: NDArray[np.int64]
    ) -> tuple[LifState, NDArray[np.bool_], NDArray[np.int64]]:
        """Advance by one step, by `lif_advance`: (state, current) → (state, spike, u) (A20, networks in steps)."""
        return lif_advance(state, current, self)

    def engine_words(self, reset_mode: int | None = None) -> list[int]:
        """Return v_reset where the engine resets to a value, leak and refractory period in one word, and theta.

        Raises:
            ScError: theta or v_reset does not fit its word of 16 bits, or the engine resets in the other mode.
        """
        mode = self.reset_mode if reset_mode is None else reset_mode
        require(mode == self.reset_mode, f"reset_mode must be {mode} in this engine, got {self.reset_mode}")
        kept = self.beta if self.leak_mode else self.leak_shift
        words = [engine_word("v_reset", self.v_reset, -1 << 15, (1 << 15) - 1)] if mode else []
        return [*words, kept | self.refractory << 8, engine_word("theta", self.theta, 1, NEVER - 1)]

    def packed_spikes(self, clocks: PackedClocks, scale: int) -> tuple[Words, NDArray[np.int64]]:
        """Return spikes and counts of one window, as `ClockNeuron.packed_spikes`, by the compiled loop of `kernels`."""
        from ..kernels import lif_spikes

        return lif_spikes(*clocks, scale, self)

    def nir_node(self, theta_frac: int) -> dict[str, Any]:
        """Return an LIF node, or an IF node where nothing leaks, in units of 2^f.

        The time constant is τ = 1 / leak clocks, where leak is the part of v that a clock takes off: 2^−leak_shift, or
        1 − beta / 256. r = τ makes the gain of the input 1, as it is here.

        Raises:
            ScError: refractory is not 0, since NIR has no refractory time.
        """
        require(
            self.refractory == 0,
            f"NIR has no refractory time, the lif neurons have one of {self.refractory} clocks",
        )
        unit = 2.0**theta_frac
        level, reset = self.theta / unit, self.v_reset / unit if self.reset_mode else 0.0
        leak = 1 - self.beta / 256 if self.leak_mode else (2.0**-self.leak_shift if self.leak_shift else 0.0)
        if leak == 0:
            return {"type": "IF", "r": 1.0, "v_threshold": level, "v_reset": reset}
        tau = 1 / leak
        return {"type": "LIF", "tau": tau, "r": tau, "v_leak": 0.0, "v_threshold": level, "v_reset": reset}

    def rtl_step(self) -> RtlStep:
        """Return rtl/sc_lif_step.v with its parameters, its states v and left, and its constant inputs."""
        return RtlStep(
            self.step_module,
            {"v": (self.width, self.v_start), "left": (8, 0)},
            ("current", self.width),
            inputs={"beta": (8, self.beta), "theta": (self.width, self.theta), "v_reset": (self.width, self.v_reset)},
            parameters={
                "WIDTH": self.width,
                "LEAK_MODE": self.leak_mode,
                "LEAK_SHIFT": self.leak_shift,
                "RESET_MODE": self.reset_mode,
                "REFRACTORY": self.refractory,
            },
        )

    def stream_layer(self, theta_frac: int) -> StreamLayer:
        """Return the streaming layer rtl/sc_stream_lif.v and its parameters.

        This one is written by hand and so stands in rtl/; `ClockNeuron.stream_layer` would generate one around the
        step.
        """
        return StreamLayer(
            "sc_stream_lif",
            {"FRAC": theta_frac},
            (
                {
                    "WIDTH": self.width,
                    "THETA": self.theta,
                    "LEAK_MODE": self.leak_mode,
                    "LEAK_SHIFT": self.leak_shift,
                    "BETA": self.beta,
                },
                {"RESET_MODE": self.reset_mode, "V_RESET": self.v_reset, "REFRACTORY": self.refractory},
                {},
            ),
        )


#: An older name of `Lif`, kept for programs that use it.
LifParams = Lif


@dataclass(frozen=True, slots=True, eq=False)
class LifState:
    """State of `lif` neurons, two int64 arrays of one shape.

    Attributes:
        v: membrane potentials in LSB.
        rest: clocks of the refractory period that are left; 0 where a neuron takes part in the next step.
    """

    v: NDArray[np.int64]
    rest: NDArray[np.int64]

    @classmethod
    def start(cls, params: Lif, shape: int | tuple[int, ...] = ()) -> LifState:
        """Return the state after reset: v is `params.v_start`, and `rest` is 0.

        Args:
            params: parameters of the neurons.
            shape: shape of the array of neurons; () is a single one.
        """
        return cls(np.full(shape, params.v_start, dtype=np.int64), np.zeros(shape, dtype=np.int64))


def fire(
    v: NDArray[Any],
    u: NDArray[Any],
    rest: NDArray[np.int64],
    theta: float | NDArray[Any],
    after: ArrayLike,
    refractory: int,
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]:
    """Decide which neurons fire, and reset those: steps 1, 4 and 5 of A13, neuron `lif`.

    A refractory neuron keeps v and counts down. Any other fires where u ≥ θ. One that fires takes the potential `after`
    and begins `refractory` clocks of rest; one that does not takes u. Integers and floats may be used, so that training
    by floats has this rule from here.

    Args:
        v: potentials before the clock.
        u: potentials after leak and input, in the shape of `v`.
        rest: clocks of the refractory period that are left, int64.
        theta: threshold θ, in the unit of `u`, a number or an array.
        after: potentials after a spike, a number or an array.
        refractory: clocks without a step after a spike.

    Returns:
        The new potentials, the new clocks of rest, and the spikes, bool.
    """
    resting = rest > 0
    fires: NDArray[np.bool_] = (u >= theta) & ~resting
    v = np.where(resting, v, np.where(fires, after, u))
    rest = np.where(resting, rest - 1, np.where(fires, refractory, 0))
    return v, rest, fires


def whole_fields(neuron: Any) -> None:
    """Make every field of a new frozen dataclass a Python integer; raises ScError for one that is none."""
    for name in (each.name for each in fields(neuron)):
        value = getattr(neuron, name)
        whole = checks.as_integer(value)
        require(
            whole is not None and whole.bit_length() <= 64,
            f"{name} must be an integer of at most 64 bits, got {checks.shown(value)}",
        )
        object.__setattr__(neuron, name, whole)


def engine_word(name: str, value: int, low: int = 0, high: int = (1 << 16) - 1) -> int:
    """Return a parameter as a 16-bit word of the layer table, in two's complement; raises ScError if it does not fit.

    Args:
        name: name of the parameter, for the error.
        value: its value.
        low: the least value that the word can have.
        high: the greatest.

    Example:
        >>> engine_word("v_reset", -1, -1 << 15, (1 << 15) - 1)
        65535
    """
    require(low <= value <= high, f"the engine of networks in steps takes a {name} of {low} … {high}, got {value}")
    return value & 0xFFFF


def saturate(x: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Return x limited to the signed integers of `width` bits (A21: sat).

    Example:
        >>> saturate(np.array([200, -3, -999]), 8).tolist()
        [127, -3, -128]
    """
    limited: NDArray[np.int64] = np.clip(x, -(1 << width - 1), (1 << width - 1) - 1)
    return limited


def leak(x: NDArray[np.int64], mode: int, shift: int, beta: int) -> NDArray[np.int64]:
    """Return what the leak leaves of a state (A21: leak): x − (x ≫ shift), x itself, or (x · beta) ≫ 8.

    Args:
        x: the state in LSB, int64, of any shape.
        mode: 0, shift, where a shift of 0 means no leak; or 1, factor.
        shift: 0 … 31. It is not read with mode 1.
        beta: 0 … 255. It is not read with mode 0.

    Example:
        >>> leak(np.array([100, -100]), 1, 0, 128).tolist()
        [50, -50]
    """
    if mode:
        return x * beta >> 8
    return x - (x >> shift) if shift else x


def lif_leak(v: NDArray[np.int64], params: Lif) -> NDArray[np.int64]:
    """Return what the leak leaves of v (A13, step 2).

    Shifts are arithmetic, towards −∞, so a negative v loses up to one LSB more than a positive one of the same size.

    Args:
        v: potentials in LSB, int64, of any shape.
        params: parameters; `leak_mode` and either `leak_shift` or `beta` are read.

    Example:
        >>> lif_leak(np.array([100, -100]), Lif(theta=256, leak_shift=4)).tolist()
        [94, -93]
    """
    return leak(v, params.leak_mode, params.leak_shift, params.beta)


def lif_advance(
    state: LifState, current: NDArray[np.int64], params: Lif, raised: NDArray[np.int64] | int = 0
) -> tuple[LifState, NDArray[np.bool_], NDArray[np.int64]]:
    """Advance by one clock or step, with a current of any size: (state, current, params) → (state, spike, u) (A13).

    The leaking potential and the current are added exactly, and then saturate once.

    Args:
        state: v and rest before. It is not changed.
        current: input I in LSB, int64, in the state's shape.
        params: parameters of the neurons.
        raised: what the threshold is above theta, as in neurons that adapt (A21, alif). The reset takes off theta.

    Returns:
        The new state; the spikes, bool; and the potential u before the reset, which is v in a neuron that rests.

    Example:
        >>> params = Lif(theta=100, width=8)
        >>> state, spike, u = lif_advance(LifState.start(params), np.array(5000), params)
        >>> int(state.v), bool(spike), int(u)
        (27, True, 127)
    """
    v = state.v
    u = saturate(lif_leak(v, params) + current, params.width)
    after = params.v_reset if params.reset_mode else u - params.theta
    potential = np.where(state.rest > 0, v, u)
    v, rest, fires = fire(v, u, state.rest, params.theta + raised, after, params.refractory)
    return LifState(v, rest), fires, potential


def lif_step(state: LifState, current: ArrayLike, params: Lif) -> tuple[LifState, NDArray[np.bool_]]:
    """Advance leaky integrate-and-fire neurons by one clock: (state, current, params) → (state, spike) (A13).

    RTL: rtl/sc_lif_step.v; proof: formal/sc_lif_step_fv.v.

    Args:
        state: v and rest before the clock. It is not changed.
        current: input I, integers of `params.width` bits with a sign, of the state's shape or one that broadcasts to
            it.
        params: parameters of the neurons.

    Returns:
        The new state, and the spikes, bool.

    Raises:
        ScError: a current is no integer or beyond `params.width` bits.

    Example:
        >>> params = Lif(theta=256, leak_shift=1)
        >>> state, spikes = LifState.start(params), []
        >>> for _ in range(4):
        ...     state, spike = lif_step(state, 160, params)
        ...     spikes.append((int(state.v), bool(spike)))
        >>> spikes
        [(160, False), (240, False), (24, True), (172, False)]
    """
    i = checks.integers("current", current)
    low, high = -params.v_max - 1, params.v_max
    if i.size:
        least, greatest = int(i.min()), int(i.max())
        worst = least if least < low else greatest
        require(low <= worst <= high, f"current must be in {low} to {high}, got {worst}")
    state, fires, _ = lif_advance(state, i.astype(np.int64), params)
    return state, fires
