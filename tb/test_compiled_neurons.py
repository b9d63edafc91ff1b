"""Neurons from equations: the generated module against the generated model, by the generated bench."""

from __future__ import annotations

import pytest

from runner import BUILD, run
from sc_neurocore.compiler import NeuronModel, compile_neuron
from sc_neurocore.compiler.neurons import NEURONS

pytest.importorskip("amaranth")

# Everything that the six do not use: tables by size, division, extremes, limits of inputs, powers, conditions.
MIXED = NeuronModel(
    name="mixed",
    equations="""
        dx/dt = (tanh(4*x) - x*sigmoid(I) + max(J, -1) / (2 + abs(x)))/8
        dy/dt = clip(x**3, -2, 2)/4 - y/16 + min(x, y)*0.01 : 1 (unless refractory)
    """,
    threshold="(x > 1 or y >= 2.5) and not x < -3",
    reset="x -= 1; y *= 0.5",
    refractory=3,
    inputs={"I": "1", "J": "1"},
    format="Q4.10",
    limits={"J": (-2, 2)},
)


@pytest.mark.parametrize("name", ["mixed", *NEURONS])
def test_neuron(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    neuron = compile_neuron(NEURONS.get(name, MIXED))
    top = neuron.top
    # A folder that stays, so that the simulator is built only where the text is new.
    folder = neuron.write(BUILD / "neurons" / name)
    monkeypatch.syspath_prepend(str(folder))
    assert run(f"{top}_bench", top, sources=[folder / f"{top}.v"], public_depth=1) == 2
