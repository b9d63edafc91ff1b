"""The LIF neuron in physical units: the hardware's steps, its closed form, its noise, the recorder of its spikes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sc_neurocore import BitstreamSpikeRecorder, ScError, StochasticLIFNeuron
from sc_neurocore.neurons import LifParams, LifState, lif_step


def test_the_neurons_order_of_steps_is_that_of_the_hardware(generator: np.random.Generator) -> None:
    # Without leak and noise nothing rounds: equal to A13, clock by clock, refractory clocks and hard reset included.
    params = LifParams(theta=100, leak_shift=0, reset_mode=1, v_reset=-20, refractory=3)
    neuron = StochasticLIFNeuron(
        v_threshold=100.0, v_reset=-20.0, v_rest=-20.0, tau_mem=math.inf, refractory_period=3, seed=0
    )
    assert neuron.equation.lif_params(frac_bits=0) == LifParams(
        theta=120, leak_shift=0, reset_mode=1, v_reset=0, refractory=3
    )
    state = LifState.start(params)
    for current in generator.integers(-20, 40, 400).tolist():
        state, spike = lif_step(state, current, params)
        assert neuron.step(current) == int(spike)
        assert neuron.get_state() == {"v": float(state.v), "refractory": int(state.rest)}


def test_the_nearest_hardware_neuron_has_nearly_the_rate() -> None:
    neuron = StochasticLIFNeuron(tau_mem=20.0, seed=0)
    params = neuron.equation.lif_params(frac_bits=12)
    assert (params.leak_mode, params.beta) == (1, 243)
    state, spikes = LifState.start(params), 0
    for _ in range(2000):
        state, spike = lif_step(state, round(0.08 * 4096), params)
        spikes += int(spike)
    assert spikes == sum(neuron.step(0.08) for _ in range(2000)) == 100
    with pytest.raises(ScError, match=r"noise_std must be 0 in hardware, got 0\.1"):
        StochasticLIFNeuron(noise_std=0.1).equation.lif_params()


def test_the_membrane_follows_its_closed_form() -> None:
    neuron = StochasticLIFNeuron(v_rest=0.3, v_reset=0.1, v_threshold=5.0, tau_mem=8.0, dt=0.5, resistance=2.0, seed=0)
    assert neuron.get_state()["v"] == 0.3
    neuron.step(0.0)
    assert neuron.get_state()["v"] == 0.3
    for n in range(1, 30):
        neuron.step(0.25)
        assert neuron.get_state()["v"] == pytest.approx(0.3 + 2 * 0.25 * 8 * (1 - (1 - 0.5 / 8) ** n))
    assert neuron.equation.steady_state(0.25) == pytest.approx(4.3)
    while not neuron.step(0.5):
        pass
    assert neuron.get_state()["v"] == 0.1


def test_the_noise_has_its_standard_deviation() -> None:
    neuron = StochasticLIFNeuron(tau_mem=1.0, dt=1.0, noise_std=0.2, v_threshold=1e9, seed=1)
    values = []
    for _ in range(4000):
        neuron.step(0.5)
        values.append(neuron.get_state()["v"])  # tau = dt: v = R·I·dt + noise, nothing of the step before
    assert np.mean(values) == pytest.approx(0.5, abs=5 * 0.2 / math.sqrt(4000))
    assert np.std(values) == pytest.approx(0.2, rel=5 / math.sqrt(8000))
    neuron.reset_state()
    neuron.step(0.5)
    assert neuron.get_state()["v"] == values[0]


def test_process_bitstream_is_step_by_step(generator: np.random.Generator) -> None:
    bits = generator.integers(0, 2, 300).astype(np.uint8)
    one, other = (StochasticLIFNeuron(tau_mem=10.0, noise_std=0.05, refractory_period=2, seed=4) for _ in range(2))
    spikes = one.process_bitstream(bits, input_scale=0.4)
    assert spikes.dtype == np.uint8
    assert spikes.tolist() == [other.step(0.4 * float(bit)) for bit in bits]
    assert 0 < spikes.sum() < 300


def test_the_recorder() -> None:
    recorder = BitstreamSpikeRecorder(dt_ms=0.5)
    assert recorder.firing_rate_hz() == 0.0
    assert recorder.isi_histogram()[0].sum() == 0
    for spike in [1, 0, 0, 1, 0, 1, 1, 0]:
        recorder.record(spike)
    assert recorder.as_array().tolist() == [1, 0, 0, 1, 0, 1, 1, 0]
    assert recorder.total_spikes() == 4
    assert recorder.firing_rate_hz() == 1000.0
    hist, edges = recorder.isi_histogram(bins=2)
    assert hist.tolist() == [1, 2]  # 0.5, 1.0 and 1.5 ms; the middle belongs to the upper half
    assert edges.tolist() == [0.5, 1.0, 1.5]
    recorder.reset()
    assert recorder.total_spikes() == 0


BAD = [
    (lambda: StochasticLIFNeuron(tau_mem=0.0), "tau_mem must be above 0, got 0.0"),
    (lambda: StochasticLIFNeuron(tau_mem=math.nan), "tau_mem must be a finite number, got nan"),
    (lambda: StochasticLIFNeuron(dt=30.0), "dt must be at most tau_mem, 20.0, got 30.0"),
    (lambda: StochasticLIFNeuron(v_reset=1.0), "v_reset must be below v_threshold, 1.0, got 1.0"),
    (lambda: StochasticLIFNeuron(noise_std=-1), "noise_std must be at least 0, got -1.0"),
    (lambda: StochasticLIFNeuron(refractory_period=1.5), "refractory_period must be .* got 1.5"),  # type: ignore[arg-type]
    (lambda: StochasticLIFNeuron().step(math.inf), "input_current must be a finite number, got inf"),
    (lambda: StochasticLIFNeuron().process_bitstream([[1]]), r"bits must be a stream of .*, got \(1, 1\)"),
    (lambda: BitstreamSpikeRecorder(0), "dt_ms must be above 0, got 0.0"),
    (lambda: BitstreamSpikeRecorder().record(2), "spike must be 0 or 1, got 2"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input_names_parameter_value_and_rule(call: Any, message: str) -> None:
    with pytest.raises(ScError, match=message):
        call()
