"""Six neuron models from the literature as equations, ready to compile.

They are examples of the language, and the neurons that docs/equations.md measures and proves:

* "lif": leaky integrate-and-fire, with a refractory period.
* "alif": the same with a threshold that rises with each spike and decays again.
* "expif": exponential integrate-and-fire; the spike's onset is an exponential of the potential.
* "adex": the same with an adaptation current.
* "izhikevich": a quadratic equation and a recovery variable, for regular spiking.
* "qif": quadratic integrate-and-fire, with a refractory period.

The potentials and currents have units in the first four, and are plain numbers in the last two.

Example:
    >>> from sc_neurocore.compiler import compile_neuron
    >>> compile_neuron(NEURONS["lif"]).top
    'lif_neuron'
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .model import NeuronModel

__all__ = ["NEURONS", "SWEEPS"]

_MODELS = (
    # Leaky integrate-and-fire.
    NeuronModel(
        name="lif",
        equations="dv/dt = (v_rest - v + R*I)/tau : mV (unless refractory)",
        threshold="v > -50*mV",
        reset="v = v_rest",
        refractory="2*ms",
        dt="1*ms",
        inputs={"I": "nA"},
        parameters={"v_rest": "-65*mV", "R": "10*Mohm", "tau": "20*ms"},
        initial={"v": "-65*mV"},
    ),
    # With a threshold that rises with each spike (adaptive threshold).
    NeuronModel(
        name="alif",
        equations="""
            dv/dt = (v_rest - v + R*I)/tau : mV
            da/dt = -a/tau_a : mV
        """,
        threshold="v > -50*mV + a",
        reset="v = v_rest; a += 1.5*mV",
        dt="1*ms",
        inputs={"I": "nA"},
        parameters={"v_rest": "-65*mV", "R": "10*Mohm", "tau": "20*ms", "tau_a": "100*ms"},
        formats={"a": "Q6.12"},
        initial={"v": "-65*mV"},
    ),
    # Exponential integrate-and-fire (Fourcaud-Trocmé et al. 2003).
    NeuronModel(
        name="expif",
        equations="dv/dt = (g_L*(E_L - v) + g_L*delta*exp((v - v_T)/delta) + I)/C : mV (unless refractory)",
        threshold="v > -30*mV",
        reset="v = -68*mV",
        refractory="1.7*ms",
        dt="0.1*ms",
        inputs={"I": "pA"},
        parameters={
            "C": "100*pF",
            "g_L": "10*nS",
            "E_L": "-65*mV",
            "v_T": "-59.9*mV",
            "delta": "3.48*mV",
        },
        formats={"v": "Q8.12", "I": "Q12.4"},
        initial={"v": "-65*mV"},
    ),
    # Adaptive exponential (Brette and Gerstner 2005, their parameters).
    NeuronModel(
        name="adex",
        equations="""
            dv/dt = (g_L*(E_L - v) + g_L*delta*exp((v - v_T)/delta) - w + I)/C : mV
            dw/dt = (a*(v - E_L) - w)/tau_w : pA
        """,
        threshold="v > -30*mV",
        reset="v = E_L; w += b",
        dt="0.1*ms",
        inputs={"I": "pA"},
        parameters={
            "C": "281*pF",
            "g_L": "30*nS",
            "E_L": "-70.6*mV",
            "v_T": "-50.4*mV",
            "delta": "2*mV",
            "tau_w": "144*ms",
            "a": "4*nS",
            "b": "80.5*pA",
        },
        formats={"v": "Q8.12", "w": "Q12.14", "I": "Q13.3"},
        initial={"v": "-70.6*mV"},
    ),
    # Izhikevich (2003), regular spiking; time in ms, no units, as in the paper.
    NeuronModel(
        name="izhikevich",
        equations="""
            dv/dt = 0.04*v**2 + 5*v + 140 - u + I
            du/dt = a*(b*v - u)
        """,
        threshold="v >= 30",
        reset="v = c; u += d",
        dt=0.25,
        inputs={"I": "1"},
        parameters={"a": 0.02, "b": 0.2, "c": -65, "d": 8},
        formats={"u": "Q8.12"},
        initial={"v": -65, "u": -13},
    ),
    # Quadratic integrate-and-fire (Ermentrout and Kopell 1986), without units.
    NeuronModel(
        name="qif",
        equations="dv/dt = (k*(v - v_r)*(v - v_c) + I)/tau : 1 (unless refractory)",
        threshold="v > 2",
        reset="v = 0",
        refractory=2,
        dt=0.5,
        parameters={"k": 1, "v_r": 0, "v_c": 1, "tau": 10},
        formats={"v": "Q3.13", "I": "Q4.12"},
    ),
)

#: The models by name: lif, alif, expif, adex, izhikevich, qif.
NEURONS: Mapping[str, NeuronModel] = MappingProxyType({m.name: m for m in _MODELS})

#: For each model the current sweep by which it is measured: least and greatest constant input, in the input's unit, and
#: the duration of each run in dt.
SWEEPS: Mapping[str, tuple[float, float, int]] = MappingProxyType(
    {
        "lif": (1.0, 6.0, 1000),
        "alif": (1.0, 6.0, 1000),
        "expif": (0.0, 600.0, 5000),
        "adex": (300.0, 1500.0, 5000),
        "izhikevich": (0.0, 20.0, 4000),
        "qif": (0.0, 3.0, 1000),
    }
)
