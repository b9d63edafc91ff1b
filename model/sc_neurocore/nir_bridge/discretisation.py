"""How a NIR graph is stepped through time. A file holds differential equations; only the framework knows its steps.

The same file gives other spikes with another dt, comparator or reset. So whoever reads a file states the missing
choices as a `Discretisation`: by the name of a framework (`PRESETS`), or one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from .. import checks
from ..errors import require, require_one_of

__all__ = ["PRESETS", "Discretisation", "preset"]

# The words that each attribute may have.
_CHOICES = {
    "method": ("euler", "exponential"),
    "compare": (">", ">="),
    "reset": ("value", "subtract", "none"),
    "v_start": ("zero", "v_reset", "v_leak"),
    "recurrence": ("source", "target"),
    "spikes": ("one", "many"),
    "membrane": ("equation", "unit"),
    "integrator": ("equation", "unit"),
    "synapse": ("equation", "unit", "decayed"),
    "li": ("membrane", "decayed"),
    "current": ("new", "old"),
}


@dataclass(frozen=True, slots=True)
class Discretisation:
    """The rules of one time step dt, for neurons that a NIR file states as differential equations.

    The equations are τ·v' = (v_leak − v) + R·I of a leaky membrane, τ_syn·I' = −I + w_in·S of a synapse and v' = R·I of
    a neuron without leak. Here v is the potential, I the current, S the input of a synapse, R the resistance (the field
    r of a node), τ and τ_syn are time constants, and w_in is a weight.

    With x the input of the step, v the potential before it and u the one after it:

    * leaky membrane (LIF, LI, CubaLIF, CubaLI): u = v_leak + d·(v − v_leak) + (1 − d)·R·x. The decay is d = 1 − dt/τ
      for method "euler" (forward Euler), and d = e^(−dt/τ) for "exponential", which is exact for a constant input. With
      membrane "unit", x is added as it is. With li "decayed", LI is an exponential synapse instead:
      u = v_leak + d·(v + x − v_leak).
    * no leak (IF, I): u = v + dt·R·x, or v + x with integrator "unit".
    * synapse (CubaLIF, CubaLI): J = e·J' + (1 − e)·w_in·x. J' is the current one step before, and e follows from τ_syn
      as d from τ. Synapse "unit" adds w_in·x instead. Synapse "decayed" adds before the decay: J = e·(J' + w_in·x). The
      membrane takes J (current "new") or J' (current "old", which is Euler for both equations at once).
    * spike: where u > v_threshold (compare ">") or u ≥ v_threshold (">="). With spikes "many", there are as many spikes
      as thresholds fit into u.
    * reset after a spike: v = v_reset (reset "value"), v = u − v_threshold for each spike ("subtract"), or v = u
      ("none").

    Times, edges and fine points:

    * At first J is 0, and v is 0, v_reset or v_leak, as v_start says. A parameter that a kind of neuron does not have,
      such as v_leak of an IF, counts as 0.
    * Edges pass values on in the same step, but in every cycle one of them waits a step. With recurrence "source" these
      are the edges that leave the neuron into the back edge of the cycle, so that a bias on the way acts from t = 0 on.
      With "target" it is the back edge itself, so that nothing arrives at t = 0.
    * A Delay of d waits round(d / dt) steps. It must be a multiple of dt, to 1e-3 of a step.
    * An infinite τ means no leak, d = 1; an infinite τ_syn means e = 1. Exporters write a decay of 1 per step in this
      way. If R is infinite too, R/τ counts as 1/dt, so that x is added as it is: the exporters in question write
      R = τ/dt. The same holds for w_in and τ_syn.

    Attributes:
        dt: Length of a step, above 0, in the unit of the file's times. For "euler" at most the least of these times.
        method: "euler" or "exponential".
        compare: ">" or ">=".
        reset: "value", "subtract" or "none".
        reset_late: The reset takes part in the next step instead: u = d·v + … − v_threshold·(spikes of the step
            before).
        reset_again: For the reset "subtract" that is not late, with one spike a step. What is still above the threshold
            after the reset is reset once more in the next step. With k = 1 where v > v_threshold, else 0:
            u = d·v + … − k·v_threshold, and with its spike s, v = u − (s − k)·v_threshold. This changes nothing while u
            is at most twice the threshold.
        v_start: "zero", "v_reset" or "v_leak".
        recurrence: "source" or "target"; one for the whole graph.
        spikes: "one" or "many".
        membrane: "equation" or "unit".
        integrator: "equation" or "unit".
        synapse: "equation", "unit" or "decayed".
        li: "membrane" or "decayed".
        current: "new" or "old".
        tau_scale: Factor of all times of the file (tau, tau_syn, tau_mem), above 0.
        dt_in_r: The file's R is no resistance but τ·e^(−dt/τ)/dt of leaky membranes, as Rockpool writes it. A file
            whose R tells another dt is refused, to a relative 1e-5.
        fraction_bits: 1 … 16, as for Loihi's integers, or None for floats. With f bits, decays are rounded to multiples
            of 2^-f, and what a decay or a gain gives is cut towards zero to such multiples before it is added.
        v_min: The least v after a step, or None for no bound.

    Raises:
        ScError: A value is not allowed, or reset_late is True where spikes is "many".

    Example:
        >>> str(Discretisation(dt=0.001, reset="subtract"))
        'dt 0.001, method euler, compare >, reset subtract'
    """

    dt: float = 1.0
    method: str = "euler"
    compare: str = ">"
    reset: str = "value"
    reset_late: bool = False
    reset_again: bool = False
    v_start: str = "zero"
    recurrence: str = "source"
    spikes: str = "one"
    membrane: str = "equation"
    integrator: str = "equation"
    synapse: str = "equation"
    li: str = "membrane"
    current: str = "new"
    tau_scale: float = 1.0
    dt_in_r: bool = False
    fraction_bits: int | None = None
    v_min: float | None = None

    def __post_init__(self) -> None:
        for name in ("dt", "tau_scale"):
            object.__setattr__(self, name, checks.number(name, getattr(self, name), 0.0, open_low=True))
        for name, known in _CHOICES.items():
            value = getattr(self, name)
            require_one_of(name, value, known)
        for name in ("reset_late", "reset_again", "dt_in_r"):
            value = getattr(self, name)
            require(isinstance(value, bool), f"{name} must be True or False, got {value!r}")
        require(
            self.spikes == "one" or not self.reset_late, "reset_late must be False where spikes is 'many', got True"
        )
        if self.fraction_bits is not None:
            checks.integer("fraction_bits", self.fraction_bits, 1, 16)
        if self.v_min is not None:
            object.__setattr__(self, "v_min", checks.number("v_min", self.v_min))

    @property
    def resets_again(self) -> bool:
        """Whether `reset_again` has an effect with the other rules."""
        return self.reset_again and self.reset == "subtract" and not self.reset_late and self.spikes == "one"

    def changed(self, **values: Any) -> Discretisation:
        """Return a copy with other values.

        Args:
            **values: Attributes by name.

        Raises:
            ScError: There is no such attribute, or the value is not allowed.

        Example:
            >>> PRESETS["sinabs"].changed(spikes="one").spikes
            'one'
        """
        known = [f.name for f in fields(self)]
        for name in values:
            require(name in known, f"the discretisation has no {name!r}, only {', '.join(known)}")
        return replace(self, **values)

    def __str__(self) -> str:
        """Return dt, method, compare and reset, then each other value that is not the default and has an effect."""
        idle = () if self.resets_again else ("reset_again",)
        plain = Discretisation(dt=self.dt)
        parts = [f"dt {self.dt:g}"]
        parts += [
            f"{f.name} {getattr(self, f.name)}"
            for f in fields(self)
            if f.name in ("method", "compare", "reset")
            or (getattr(self, f.name) != getattr(plain, f.name) and f.name not in idle)
        ]
        return ", ".join(parts)


# What each framework does when it runs the network that it exports, with its exporter's and layers' defaults: read from
# their sources (the versions are in docs/nir.md) and shown by tests/test_nir_bridge_frameworks.py.
PRESETS: Mapping[str, Discretisation] = MappingProxyType(
    {
        "nir": Discretisation(),
        # Leaky, Synaptic, RLeaky, RSynaptic: the reset is that of the spike one step before. For Leaky with
        # reset_mechanism="zero": reset="value"; with reset_delay=False: reset_late=False, and then it resets again.
        "snntorch": Discretisation(dt=1e-4, reset="subtract", reset_late=True, reset_again=True),
        # Times are exported dt times too small, CubaLIF without the w_in that its jumps would need; IAF ignores dt.
        "norse": Discretisation(
            dt=1e-3, tau_scale=1e3, v_start="v_leak", synapse="unit", integrator="unit", recurrence="source"
        ),
        # dt: the exporter's default.
        "spikingjelly": Discretisation(dt=1e-4, compare=">=", v_start="v_reset"),
        # norm_input=False: membrane="unit". LIF with spike_fn=SingleSpike: spikes="one".
        "sinabs": Discretisation(method="exponential", compare=">=", reset="subtract", spikes="many"),
        # dt: the modules' default. R tells it, and is else wrong: inputs are added as they are, those of ExpSynTorch
        # (LI) and of LIFTorch's synapses before the decay. With max_spikes_per_dt=1: spikes="one".
        "rockpool": Discretisation(
            dt=1e-3,
            method="exponential",
            compare=">=",
            reset="subtract",
            spikes="many",
            membrane="unit",
            synapse="decayed",
            li="decayed",
            dt_in_r=True,
        ),
        # dt: that of NIR's script, which converts what Lava-DL saves. Loihi's integers: decays and states of 12 bits
        # behind the point.
        "lava-dl": Discretisation(dt=1e-4, fraction_bits=12),
    }
)


def preset(name: str | None, dt: float | None, changes: Mapping[str, Any]) -> Discretisation:
    """Return the rules of a framework, with some of them changed.

    Args:
        name: A key of `PRESETS`, or None for NIR's own equations ("nir").
        dt: The step, or None for that of the framework.
        changes: Other attributes of `Discretisation` by name.

    Raises:
        ScError: The framework or an attribute is unknown, or a value is not allowed.

    Example:
        >>> preset("snntorch", 0.001, {}).reset_late
        True
    """
    if name is not None:
        require_one_of("framework", name, PRESETS)
    found = PRESETS[name or "nir"].changed(**changes)
    return found if dt is None else found.changed(dt=dt)
