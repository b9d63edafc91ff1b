"""`lif`, the leaky integrate-and-fire neuron (A13), in integers, clock by clock."""

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

__all__ = ["Lif", "LifParams", "LifState", "fire", "lif_leak", "lif_step"]


@register
@dataclass(frozen=True, slots=True)
class Lif(ClockNeuron):
    """A leaky integrate-and-fire neuron, `lif` (A13): the parameters of rtl/sc_lif.v and its constant inputs.

    Their names are those of the RTL in lower case.

    width: bits of v, theta, v_reset and the current, 4 … 32, signed; Q8.8 at the default of 16. theta: 1 …
    2^(width − 1) − 1. leak_mode 0: v loses v >> leak_shift, 0 … width − 1, where 0 is no leak; 1: v becomes
    (v · beta) >> 8, beta 0 … 255. reset_mode 0: a spike subtracts theta; 1: v becomes v_reset, which is below theta.
    refractory: clocks without a step after a spike, 0 … 255. Raises ScError for anything else.
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

    def __post_init__(self) -> None:
        for name in (each.name for each in fields(self)):
            value = getattr(self, name)
            whole = checks.as_integer(value)
            require(
                whole is not None and whole.bit_length() <= 64,
                f"{name} must be an integer of at most 64 bits, got {checks.shown(value)}",
            )
            object.__setattr__(self, name, whole)
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
        """The greatest v, 2^(width − 1) − 1; the least is −v_max − 1."""
        return (1 << self.width - 1) - 1

    @property
    def v_start(self) -> int:
        """What v is after rst."""
        return self.v_reset if self.reset_mode else 0

    def describe(self) -> dict[str, Any]:
        """Return the entries of a layer's description: theta is null, so that readers from before refuse it."""
        return {"theta": None, "lif": asdict(self)}

    @classmethod
    def parse(cls, entry: Any) -> Lif:
        """Return the neuron of the parameters under "lif"."""
        return cls(**checks.entries("lif", entry, [each.name for each in fields(cls)]))

    @property
    def current_range(self) -> tuple[int, int]:
        """The least and the greatest current of one clock."""
        return -self.v_max - 1, self.v_max

    @property
    def current_rule(self) -> str:
        """The width, which the current shares with v."""
        return f"the {self.width} bits of its lif neurons"

    def start(self, shape: tuple[int, ...] = ()) -> LifState:
        """Return the state after rst."""
        return LifState.start(self, shape)

    def step(self, state: Any, current: NDArray[np.int64]) -> tuple[LifState, NDArray[np.bool_]]:
        """Advance by one clock: `lif_step`."""
        return lif_step(state, current, self)

    def packed_spikes(self, clocks: PackedClocks, scale: int) -> tuple[Words, NDArray[np.int64]]:
        """As `ClockNeuron.packed_spikes`, in one compiled loop."""
        from ..kernels import lif_spikes

        return lif_spikes(*clocks, scale, self)

    def nir_node(self, theta_frac: int) -> dict[str, Any]:
        """Return a LIF, or an IF where nothing leaks, in units of 2^f; NIR has no refractory time."""
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
        """Return rtl/sc_lif_step.v, its parameters and its constant inputs."""
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
        """Return rtl/sc_stream_lif.v and its parameters."""
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


#: The name from before a layer held its neuron.
LifParams = Lif


@dataclass(frozen=True, slots=True, eq=False)
class LifState:
    """State of `lif` neurons: v and the clocks of rest that are left, int64 arrays of one shape."""

    v: NDArray[np.int64]
    rest: NDArray[np.int64]

    @classmethod
    def start(cls, params: Lif, shape: int | tuple[int, ...] = ()) -> LifState:
        """Return the state after rst of neurons of that shape."""
        return cls(np.full(shape, params.v_start, dtype=np.int64), np.zeros(shape, dtype=np.int64))


def fire(
    v: NDArray[Any], u: NDArray[Any], rest: NDArray[np.int64], theta: float, after: ArrayLike, refractory: int
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.bool_]]:
    """Return (v, rest, spike) after steps 1, 4 and 5 of A13, on integers or floats of one shape.

    u: v after leak and input. A resting neuron keeps v and counts down; another fires where u ≥ theta, and then has
    the potential `after` and `refractory` clocks of rest.
    """
    resting = rest > 0
    fires: NDArray[np.bool_] = (u >= theta) & ~resting
    v = np.where(resting, v, np.where(fires, after, u))
    rest = np.where(resting, rest - 1, np.where(fires, refractory, 0))
    return v, rest, fires


def lif_leak(v: NDArray[np.int64], params: Lif) -> NDArray[np.int64]:
    """Return what the leak leaves of v (A13, step 2)."""
    if params.leak_mode:
        return v * params.beta >> 8
    return v - (v >> params.leak_shift) if params.leak_shift else v


def lif_step(state: LifState, current: ArrayLike, params: Lif) -> tuple[LifState, NDArray[np.bool_]]:
    """Advance leaky integrate-and-fire neurons by one clock: (state, current, params) → (state, spike) (A13).

    current: integers of params.width bits, signed, of the state's shape or one that broadcasts to it; raises ScError
    for one out of range. RTL: rtl/sc_lif_step.v; proof: formal/sc_lif_step_fv.v.

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
    v = state.v
    u = np.clip(lif_leak(v, params) + i.astype(np.int64), low, high)
    after = params.v_reset if params.reset_mode else u - params.theta
    v, rest, fires = fire(v, u, state.rest, params.theta, after, params.refractory)
    return LifState(v, rest), fires
