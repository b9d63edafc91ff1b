"""How a NIR graph, which is differential equations, is stepped through time: no file says it, its framework does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from .. import checks
from ..errors import require, require_one_of

__all__ = ["PRESETS", "Discretisation", "preset"]

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
    """One step of dt, for neurons of τ·v' = (v_leak − v) + R·I, τ_syn·I' = −I + w_in·S and v' = R·I.

    With x the input of the step, v the potential before it and u the one after it:

    * a leaky membrane: u = v_leak + d·(v − v_leak) + (1 − d)·R·x, d = 1 − dt/τ (method "euler", forward Euler) or
      d = e^(−dt/τ) ("exponential", exact for an input that is constant over the step); membrane "unit" adds x as it is;
      LI alone, with li "decayed": u = v_leak + d·(v + x − v_leak), an exponential synapse;
    * no leak (IF, I): u = v + dt·R·x, or v + x with integrator "unit";
    * a synapse (CubaLIF, CubaLI): J = e·J' + (1 − e)·w_in·x with e of τ_syn as d of τ, J' being J one step ago; synapse
      "unit" adds w_in·x instead, "decayed" before the decay: J = e·(J' + w_in·x). The membrane takes J ("new") or J'
      ("old", Euler for both equations at once) as `current` says;
    * a spike where u > v_threshold (compare ">") or u ≥ v_threshold (">="); spikes "many": as many as thresholds fit
      into u; then v = v_reset (reset "value"), v = u − v_threshold for each spike ("subtract"), or v = u ("none");
    * reset_late: the reset takes part in the next step instead, u = d·v + … − v_threshold·(spikes of the step before);
    * reset_again (of the reset "subtract" that is not late): what is still above the threshold after it is reset once
      more in the next step: with k = 1 where v > v_threshold, else 0, u = d·v + … − k·v_threshold, and with its spike s
      v = u − (s − k)·v_threshold. The same as without it while u stays at most at twice the threshold;
    * v_min: v is at least that much after the step, None for no bound.

    At first v is 0, v_reset or v_leak as v_start says (v_leak of IF and I, v_reset of I, LI and CubaLI are 0), J is 0.
    Edges pass values on in the same step; in every cycle one of them waits a step. recurrence "source": those that
    leave the neuron into the cycle's back edge, so that a bias on the way acts from t = 0 on; "target": the back edge
    itself, so that nothing arrives at t = 0. A Delay of d waits round(d / dt) steps, and must be a multiple of dt to
    1e-3 of a step. tau_scale multiplies all times of the file (tau, tau_syn, tau_mem). dt_in_r: the file's R is no
    resistance but τ·e^(−dt/τ)/dt of leaky membranes, as Rockpool writes it; one of another dt is refused, to 1e-5.
    An infinite τ (an exporter writes a decay of 1 per step so) is no leak, d = 1 and e = 1. With an R that is infinite
    too, R/τ is 1/dt, as in every exporter that writes R = τ/dt: x is added as it is; w_in and τ_syn likewise.
    fraction_bits f: decays are rounded to multiples of 2^-f, and what a decay or a gain gives is cut towards zero to
    such multiples before it is added, as in Loihi's integers; None for floats.

    dt: in the unit of the file's times, above 0 and for "euler" at most the least of them. Raises ScError otherwise.
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
        """Whether `reset_again` acts."""
        return self.reset_again and self.reset == "subtract" and not self.reset_late and self.spikes == "one"

    def changed(self, **values: Any) -> Discretisation:
        """Return it with these values instead; raises ScError for a name that there is not."""
        known = [f.name for f in fields(self)]
        for name in values:
            require(name in known, f"the discretisation has no {name!r}, only {', '.join(known)}")
        return replace(self, **values)

    def __str__(self) -> str:
        """Every value that differs from the plain reading of NIR, after dt, and acts."""
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
# their sources (the versions are in docs/nir.md) and shown by tests/test_nir_frameworks.py.
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
    """Return the preset of a framework (None: plain NIR) with dt and other changes."""
    if name is not None:
        require_one_of("framework", name, PRESETS)
    found = PRESETS[name or "nir"].changed(**changes)
    return found if dt is None else found.changed(dt=dt)
