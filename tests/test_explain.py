"""`sc-neurocore explain`: every figure against a plain count, every rule on a network with its cause planted."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sc_neurocore import artifact, backends, data, golden, reference
from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.explain import Explanation, explain, report, rules, write
from sc_neurocore.explain.chain import Chain, without_channels
from sc_neurocore.explain.report import FILES
from sc_neurocore.explain.result import Suggestion, sign_test, wilson
from sc_neurocore.network import ConvLayer, DenseLayer, InputSpec, Network, PoolLayer
from sc_neurocore.neurons import LifParams, classify, window_if
from sc_neurocore.streams import product_table

NETWORKS = Path(__file__).resolve().parents[1] / "train" / "networks"


def convert(
    network: Network, length: int, *, wide: Sequence[float] = (1, 1), theta: float = 1.0, corrected: bool = True
) -> Network:
    """Return the float network behind the digits' codes on other codes, by A12 as it stands in the document."""
    table = product_table(length).astype(np.float64)
    x = network.input.encode(data.load("digits").x_train, length).astype(np.int64)
    layers, scales, x_s = [], [], 1.0
    for k, (w, b) in enumerate(reference.parameters(network)):
        w_s = float(np.abs(w).max()) * length / (length - 1) * wide[k]
        c = np.clip(np.rint(length * w / w_s), 1 - length, length - 1).astype(np.int64)
        s = sum(np.sign(c[:, i]) * table[x[:, i]][:, np.abs(c[:, i])] for i in range(c.shape[1]))
        e = (s - x @ c.T / length).mean(axis=0) if corrected else np.zeros(len(c))
        bias = np.clip(np.rint(length * b / (w_s * x_s) - e), 1 - length, length - 1).astype(np.int64)
        level, y_s = None, None
        if k == 0:
            level = max(1, round(16 * network.info["scales"][0]["output"] * theta / (w_s * x_s)))
            y_s = level * w_s * x_s / 16
            x = window_if((s + bias).astype(np.int64), level, 4, length)
        layers.append(DenseLayer(c, bias, level))
        scales.append({"weight": w_s, "input": x_s, "output": y_s, "excess": e.tolist()})
        x_s = y_s or x_s
    return Network(length, tuple(layers), network.input, name="planted", info={"scales": scales})


def rule(found: Explanation, name: str) -> Suggestion:
    said = [s for s in found.suggestions if s.rule == name]
    assert len(said) == 1, [s.rule for s in found.suggestions]
    return said[0]


def npz(folder: Path, x: Any, y: Any) -> Path:
    path = folder / "samples.npz"
    np.savez(path, x=np.asarray(x, dtype=np.uint8), y=np.asarray(y, dtype=np.int64))
    return path


# --- figures against plain counts -------------------------------------------------------------------------------------


def test_statistics_are_the_published_ones() -> None:
    # Newcombe 1998, table I: 81 of 263 and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    for samples in range(1, 200):  # a share outside of its interval by one rounding cannot be drawn
        for correct in (0, 1, samples // 2, samples - 1, samples):
            low, high = wilson(correct, samples)
            assert 0 <= low <= correct / samples <= high <= 1
    assert sign_test(0, 0) == 1.0
    assert sign_test(5, 5) == 1.0
    assert sign_test(0, 6) == sign_test(6, 0) == pytest.approx(2 / 64)
    assert sign_test(2500, 3000) == pytest.approx(1.57e-11, rel=0.02)


def test_quantised_counts_are_exact_and_stream_sums_the_golden_models(
    small: Network, generator: np.random.Generator
) -> None:
    chain = Chain(small)
    x = generator.integers(0, 9, (50, 3))
    layer = small.layers[0]
    sums = chain.exact(0, x)
    counts = chain.counts(0, sums)
    unclipped, unrounded = chain.counts(0, sums, clip=False), chain.counts(0, sums, rounded=False)
    for n in range(len(x)):
        for j in range(layer.neurons):
            s = Fraction(int(layer.bias[j])) + sum(
                Fraction(int(x[n, i]) * int(layer.weights[j, i]), 8) for i in range(3)
            )
            ratio = s * 16 / 40
            nearest = max(0, (2 * ratio + 1).__floor__() // 2)
            assert unclipped[n, j] == nearest
            assert counts[n, j] == min(nearest, 8)
            assert unrounded[n, j] == pytest.approx(float(min(max(ratio, Fraction(0)), Fraction(8))))
        np.testing.assert_array_equal(chain.stream(0, x[n : n + 1])[0], golden.window(layer, x[n], small))
    np.testing.assert_array_equal(chain.scores_stream(0, x), golden.run(small, x).scores)


def test_every_figure_of_a_small_network_is_a_plain_count(
    small: Network, tmp_path: Path, generator: np.random.Generator
) -> None:
    x, y = generator.integers(0, 17, (300, 3)), generator.integers(0, 2, 300)
    network = replace(small, input=InputSpec((3,), 256))
    path = npz(tmp_path, x * 15, y)
    found = explain(network, path)
    assert (found.split, found.samples, found.backend) == ("all", 300, "packed")
    assert any("has no scales" in note for note in found.notes)
    length, theta = 8, 40
    codes = network.input.encode(x.astype(np.uint8) * 15, length).astype(np.int64)
    exact_input = x * 15 * length / 256
    first, last = network.layers
    w, b = first.weights.astype(float), first.bias.astype(float)
    float_out = np.maximum(0, exact_input @ w.T / length + b) * 16 / theta
    s_q = codes @ w.T / length + b
    u_q = np.maximum(0, s_q * 16 / theta)
    c_q = np.clip(np.floor(u_q + 0.5), 0, length)
    result = golden.run(network, codes)
    s_s = np.array([golden.window(first, row, network) for row in codes])
    c_s = result.counts[0]
    scores = {
        "float": float_out @ last.weights.T / length + last.bias,
        "quantised": c_q @ last.weights.T / length + last.bias,
        "stream": result.scores,
    }
    right = {name: classify(v) == y for name, v in scores.items()}
    assert [s.name for s in found.stages] == list(scores)
    for before, stage in zip((None, *found.stages), found.stages, strict=False):
        assert stage.correct == right[stage.name].sum()
        assert stage.accuracy == stage.correct / 300
        if before is not None:
            assert stage.changed == (classify(scores[stage.name]) != classify(scores[before.name])).sum()
            assert stage.harmful == (right[before.name] & ~right[stage.name]).sum()
            assert stage.helpful == (~right[before.name] & right[stage.name]).sum()
            assert before.correct - stage.correct == stage.lost
    layer, readout = found.layers
    assert layer.range == pytest.approx(float_out.max() - float_out.min())
    rounded = np.floor(u_q + 0.5)
    expected = {
        "round": rounded - u_q,
        "clip": c_q - rounded,
        "stream": c_s - c_q,  # the first layer's input is the same in both stages
    }
    assert layer.injected is not None
    assert layer.accumulated is not None
    for name, error in expected.items():
        assert layer.injected[name].rms == pytest.approx(np.sqrt((error**2).mean())), name
        assert layer.injected[name].worst == pytest.approx(np.abs(error).max())
        assert layer.injected[name].relative == pytest.approx(layer.injected[name].rms / layer.range)
    for name, error in {"quantised": c_q - float_out, "stream": c_s - c_q, "total": c_s - float_out}.items():
        assert layer.accumulated[name].rms == pytest.approx(np.sqrt((error**2).mean())), name
    assert readout.injected is not None
    assert readout.accumulated is not None
    own = result.scores - (c_s @ last.weights.T / length + last.bias)
    assert readout.injected["stream"].rms == pytest.approx(np.sqrt((own**2).mean()))
    assert readout.accumulated["total"].rms == pytest.approx(
        np.sqrt(((scores["stream"] - scores["float"]) ** 2).mean())
    )
    error = s_s - s_q
    assert layer.stream_offset == pytest.approx(np.sqrt((error.mean(axis=0) ** 2).mean()))
    assert layer.stream_spread == pytest.approx(np.sqrt(((error - error.mean(axis=0)) ** 2).mean()))
    seen = layer.activity
    assert seen is not None
    assert (seen.zero, seen.top) == pytest.approx(((c_s == 0).mean(), (c_s == length).mean()))
    open_s = np.maximum(0, np.floor(s_s * 16 / theta + 0.5))
    assert seen.clipped == pytest.approx((open_s > length).mean())
    assert seen.least == tuple(c_s.min(axis=0))
    assert seen.greatest == tuple(c_s.max(axis=0))
    bounds = theta * (np.arange(1, length + 1) - 0.5)
    distance = np.abs(s_s[..., None] * 16 - bounds).min(axis=-1).ravel()
    margins = layer.thresholds
    assert margins is not None
    assert margins.one_unit == pytest.approx((distance <= 16).mean())
    for p, value in ((0.01, margins.p1), (0.1, margins.p10), (0.5, margins.median)):
        assert value == min(theta, np.sort(distance)[max(0, int(np.ceil(p * distance.size)) - 1)])
    assert sum(margins.histogram) == pytest.approx(1, abs=1e-3)
    top_two = np.sort(scores["quantised"], axis=1)
    gap = top_two[:, 1] - top_two[:, 0]
    best = classify(scores["quantised"])
    rows = np.arange(300)
    drift = (scores["stream"][rows, best] - scores["stream"][rows, 1 - best]) - gap
    step = found.margins[1]
    assert step.rms == pytest.approx(np.sqrt((drift**2).mean()))
    assert step.below == pytest.approx((gap < step.rms).mean())
    assert step.changed == found.stages[2].changed
    assert sum(step.histogram) == 300
    assert found.inputs.rms == pytest.approx(np.sqrt(((codes - exact_input) ** 2).mean()))
    weights = layer.weights
    assert (weights.zero, weights.clip, weights.largest, weights.used) == (1 / 6, 2 / 6, 7, 6)
    assert weights.effective == pytest.approx(6)
    # Without the readout's streams the stage is the exact sum of the hardware's counts, and so on.
    causes = {(c.stage, c.cause, c.layer): c for c in found.causes}
    exact_readout = classify(c_s @ last.weights.T / length + last.bias)
    assert causes["stream", "stream", 1].correct == (exact_readout == y).sum()
    assert causes["stream", "stream", 0].correct == (classify(golden_readout(network, c_q)) == y).sum()
    no_clip = classify(rounded @ last.weights.T / length + last.bias)
    assert causes["quantised", "clip", 0].correct == (no_clip == y).sum()
    assert causes["quantised", "clip", 0].gain == (no_clip == y).sum() - found.stages[1].correct


def golden_readout(network: Network, counts: Any) -> Any:
    return np.array([golden.window(network.layers[-1], row.astype(np.int64), network) for row in counts])


def test_blocks_do_not_show(digits: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    from sc_neurocore.explain import measure

    whole = explain(digits, limit=60).to_json()
    monkeypatch.setattr(measure, "_BLOCK", 7)
    parts = explain(digits, limit=60).to_json()
    assert whole["samples"] == 60
    np.testing.assert_equal(_numbers(parts), pytest.approx(_numbers(whole), rel=1e-9))


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [n for v in value.values() for n in _numbers(v)]
    if isinstance(value, (list, tuple)):
        return [n for v in value for n in _numbers(v)]
    return [float(value)] if isinstance(value, (int, float)) else []


# --- rules, each with its cause planted -------------------------------------------------------------------------------


def test_no_drop_is_said_with_the_interval(digits: Network) -> None:
    found = explain(digits)
    assert (found.data, found.split, found.samples) == ("digits", "validation", 216)
    said = rule(found, "no-drop")
    assert "95 % interval" in said.text
    assert said.numbers["lost"] <= 0


def test_a_drop_within_chance_is_no_drop(digits: Network) -> None:
    said = rule(explain(convert(digits, 8), split="test"), "noise")
    assert said.numbers["p"] >= rules.ALPHA
    assert said.numbers["lost"] == said.numbers["harmful"] - said.numbers["helpful"] > 0
    assert "within chance" in said.text
    assert said.trials == ()


def test_a_theta_too_small_is_named_and_a_greater_one_measured(digits: Network) -> None:
    network = convert(digits, 32, theta=1 / 8)
    found = explain(network, split="test")
    said = rule(found, "clip")
    assert (said.layer, said.numbers["stage"], said.numbers["cause"]) == (0, "quantised", "clip")
    activity = found.layers[0].activity
    assert activity is not None
    assert activity.clipped == said.numbers["clipped"] > 0.2
    assert f"theta of layer 0, now {network.layers[0].theta}" in said.text
    best = max(said.trials, key=lambda t: t.correct)
    assert best.correct >= found.stages[0].correct - 5
    assert f"theta {round(network.layers[0].theta * 6)}" in best.change or "× 8" in best.change  # type: ignore[operator]
    assert best.change in said.text


def test_a_theta_too_great_is_named(digits: Network) -> None:
    found = explain(convert(digits, 32, theta=16), split="test")
    said = rule(found, "coarse")
    assert (said.layer, said.numbers["cause"]) == (0, "round")
    assert said.numbers["unclipped"] <= 16
    assert max(t.correct for t in said.trials) > found.stages[2].correct


def test_streams_too_short_are_named_and_the_length_that_mends_it_measured(digits: Network) -> None:
    network = convert(digits, 4)
    found = explain(network, split="test")
    said = rule(found, "stream")
    assert (said.layer, said.numbers["stage"]) == (0, "stream")
    assert said.trials[0].change == "L = 8"
    assert said.trials[-1].correct > found.stages[-1].correct
    assert "L = 8 gives" in said.text


def test_a_weight_scale_too_wide_is_named(digits: Network) -> None:
    found = explain(convert(digits, 32, wide=(16, 1)), split="test")
    said = rule(found, "stream")
    assert said.layer == 0
    assert said.numbers["headroom"] == found.layers[0].weights.headroom == 15
    assert "the scale is 15 times too wide" in said.text
    assert said.trials[0].change == "weight scale of layer 0 / 15"
    assert said.trials[0].correct > found.stages[-1].correct
    assert not any(s.rule == "headroom" for s in found.suggestions)


def plain(weights: Any, bias: Any, length: int, spec: InputSpec, **info: Any) -> Network:
    return Network(length, (DenseLayer(weights, bias, None),), spec, name="plain", info=info)


def rounded_weights(folder: Path, scale: float, length: int = 16) -> tuple[Network, Path, Path]:
    """Binary inputs, whose streams are exact (A18), so that only the weights' rounding is left."""
    rng = np.random.default_rng(5)
    real = rng.normal(size=(2, 40))
    real /= np.abs(real).max()
    x = rng.integers(0, 2, (800, 40))
    y = classify(x @ real.T)
    codes = np.clip(np.rint(length * real / scale), 1 - length, length - 1).astype(np.int64)
    entry = {"weight": scale, "input": 1.0, "output": None, "excess": [0.0, 0.0]}
    network = plain(codes, [0, 0], length, InputSpec((40,), 256, threshold=128), scales=[entry])
    model = folder / "model.npz"
    np.savez(model, weight0=real)
    return network, npz(folder, x * 255, y), model


def test_rounded_weights_are_named_where_the_float_model_is_given(tmp_path: Path) -> None:
    network, samples, model = rounded_weights(tmp_path, scale=9.0)
    found = explain(network, samples, model=model)
    assert [s.name for s in found.stages] == ["model", "float", "quantised", "stream"]
    assert found.stages[0].correct == 800
    assert found.stages[1].correct == found.stages[3].correct < 780
    said = rule(found, "weights")
    assert (said.layer, said.numbers["stage"], said.numbers["headroom"]) == (0, "float", 7)
    assert "the scale is 7 times too wide" in said.text
    assert said.trials[0].change == "weight scale of layer 0 / 7"
    assert said.trials[0].correct > found.stages[3].correct
    assert next(c for c in found.causes if c.cause == "weights").gain == 800 - found.stages[1].correct
    errors = found.layers[0].injected
    assert errors is not None
    real = np.load(model)["weight0"]
    x = np.load(samples)["x"] > 0
    drift = (x @ network.layers[0].weights.T) - 16 / 9.0 * (x @ real.T)
    assert errors["weights"].rms == pytest.approx(np.sqrt((drift**2).mean()))


def test_the_same_network_without_its_model_has_its_scale_remarked_on(tmp_path: Path) -> None:
    network, samples, _ = rounded_weights(tmp_path, scale=9.0)
    found = explain(network, samples)
    assert any("--model" in note for note in found.notes)
    assert rule(found, "headroom").numbers == {"headroom": 7, "largest": 2}
    assert rule(found, "no-drop").numbers["lost"] == 0


def test_inputs_too_coarse_are_named(tmp_path: Path, generator: np.random.Generator) -> None:
    x = generator.integers(0, 256, (600, 2))
    found = explain(plain([[3, -3], [-3, 3]], [0, 0], 4, InputSpec((2,), 256)), npz(tmp_path, x, x[:, 1] > x[:, 0]))
    said = rule(found, "rounding")
    assert (said.numbers["stage"], said.numbers["cause"]) == ("quantised", "input")
    assert [t.change for t in said.trials] == ["L = 8", "L = 16", "L = 32"][: len(said.trials)]
    assert said.trials[-1].correct >= found.stages[0].correct - (found.stages[0].correct - found.stages[2].correct) / 4
    assert next(c for c in found.causes if c.cause == "input").gain == said.numbers["stage_lost"]


def test_a_mean_error_that_no_bias_takes_off_is_named(tmp_path: Path, generator: np.random.Generator) -> None:
    # Each of 12 products of W = 13 at L = 32 is 0.9 too great in the mean; inputs at L have no error (F[L, W] = W).
    x = np.hstack([generator.integers(64, 256, (500, 12)), np.full((500, 3), 255)])
    network = plain([[13] * 12 + [0] * 3, [0] * 12 + [31] * 3], [0, 5], 32, InputSpec((15,), 256))
    y = classify(reference.float_sums(network, x / 256)[-1])
    found = explain(network, npz(tmp_path, x, y))
    assert found.stages[0].correct == 500
    said = rule(found, "offset")
    assert said.layer == 0
    assert said.numbers["offset"] > said.numbers["spread"]
    assert said.trials[0].change == "biases corrected anew"


def test_a_drop_without_a_single_cause_is_said(digits: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[rules.Facts] = []
    suggest = rules.suggest
    monkeypatch.setattr(rules, "suggest", lambda facts: kept.append(facts) or suggest(facts))
    explain(convert(digits, 4), split="test")
    nothing = tuple(replace(c, gain=-1) for c in kept[0].causes)
    said = suggest(replace(kept[0], causes=nothing))[0]
    assert (said.rule, said.layer) == ("spread", None)
    assert said.trials


def test_planted_dead_constant_and_always_on_neurons_are_counted(
    tmp_path: Path, generator: np.random.Generator
) -> None:
    weights = generator.integers(1, 4, (6, 5))
    weights[[1, 4]] *= -1
    bias = np.array([0, -3, 0, 15, -1, 15])
    weights[5] = 15
    readout = generator.integers(-15, 16, (3, 6))
    network = Network(
        16,
        (DenseLayer(weights, bias, 20), DenseLayer(readout, [0, 0, 0], None)),
        InputSpec((5,), 256),
        name="planted",
    )
    x = np.vstack([generator.integers(0, 256, (90, 5)), np.zeros((1, 5), dtype=np.int64)])
    x[:, 2] = 200
    path = npz(tmp_path, x, np.arange(91) % 3)
    found = explain(network, path)
    seen = found.layers[0].activity
    assert seen is not None
    assert seen.dead == (1, 4)
    assert seen.saturated == (5,)
    assert set(seen.always_on) >= {3, 5}
    said = rule(found, "dead")
    # Two neurons of 5 weights and a bias, and a weight for each in each of 3 readout neurons.
    assert said.numbers["weights_saved"] == 2 * (5 + 1 + 3)
    assert said.numbers["bits_saved"] == 5 * 18
    assert said.numbers["dead"] == {"0": [1, 4]}
    assert said.numbers["clocks_saved"] > 0
    assert rule(found, "constant").numbers == {"saturated": [5]}
    codes = network.input.encode(x.astype(np.uint8), 16)
    small = without_channels(network, {0: [1, 4]})
    assert small.topology == "5-4-3"
    np.testing.assert_array_equal(golden.run(small, codes).scores, golden.run(network, codes).scores)


def test_a_back_end_that_differs_is_said_first(digits: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    right = backends.BACKENDS["golden"]

    def wrong(network: Network, codes: Any, progress: Any) -> Any:
        result = right(network, codes, progress)
        result.scores[2:5, 0] += 1
        return result

    assert explain(digits, limit=10, backend="golden").stages[-1].mismatches == 0
    monkeypatch.setitem(backends.BACKENDS, "golden", wrong)
    found = explain(digits, limit=10, backend="golden")
    assert found.stages[-1].name == "golden"
    assert found.stages[-1].mismatches == 3
    assert found.suggestions[0].rule == "mismatch"
    assert "golden BACK END DIFFERS from the stream stage in 3 of 10" in found.suggestions[0].text


# --- convolution and pooling ------------------------------------------------------------------------------------------


def conv_network(generator: np.random.Generator) -> Network:
    """6 × 6 pixels, a convolution of 3 channels, the second of them dead, both kinds of pooling, a dense readout."""
    weights = generator.integers(-7, 8, (3, 3, 3, 1))
    weights[1] = -abs(weights[1])
    first = ConvLayer(weights, [3, -1, 2], 40, (6, 6, 1), padding=1)
    second = ConvLayer(generator.integers(-7, 8, (2, 2, 2, 3)), [1, 2], 50, (3, 3, 3))
    return Network(
        8,
        (
            first,
            PoolLayer("mean", 2, (6, 6, 3)),
            second,
            PoolLayer("max", 2, (2, 2, 2), 1),
            DenseLayer(generator.integers(-7, 8, (3, 2)), [0, 1, -1], None),
        ),
        InputSpec((6, 6), 256),
        name="pictures",
    )


def test_convolution_and_pooling_are_measured_like_dense_layers(tmp_path: Path, generator: np.random.Generator) -> None:
    network = conv_network(generator)
    x, y = generator.integers(0, 256, (70, 6, 6)), generator.integers(0, 3, 70)
    found = explain(network, npz(tmp_path, x, y), backend="golden")
    assert found.stages[-1].mismatches == 0
    codes = network.input.encode(x.astype(np.uint8), 8)
    result = golden.run(network, codes)
    # The first layer, position by position.
    layer = network.layers[0]
    assert isinstance(layer, ConvLayer)
    padded = np.pad(codes.reshape(70, 6, 6).astype(np.float64), ((0, 0), (1, 1), (1, 1)))
    sums = np.zeros((70, 6, 6, 3))
    for i in range(6):
        for j in range(6):
            for o in range(3):
                window = padded[:, i : i + 3, j : j + 3] * layer.weights[o, :, :, 0]
                sums[:, i, j, o] = window.sum(axis=(1, 2)) / 8 + layer.bias[o]
    ideal = np.maximum(0, sums * 16 / 40).reshape(70, -1)
    rounded = np.floor(ideal + 0.5)
    counts = np.minimum(rounded, 8)
    report = found.layers[0]
    assert report.kind == "conv"
    assert report.injected is not None
    assert report.injected["round"].rms == pytest.approx(np.sqrt(((rounded - ideal) ** 2).mean()))
    assert report.injected["clip"].rms == pytest.approx(np.sqrt(((counts - rounded) ** 2).mean()))
    assert report.injected["stream"].rms == pytest.approx(np.sqrt(((result.counts[0] - counts) ** 2).mean()))
    seen = report.activity
    assert seen is not None
    assert seen.dead == tuple(np.flatnonzero(result.counts[0].max(axis=0) == 0))
    assert seen.dead_channels == (1,)
    # The mean of four counts, half up.
    mean = counts.reshape(70, 3, 2, 3, 2, 3).mean(axis=(2, 4)).reshape(70, -1)
    pool = found.layers[1]
    assert (pool.kind, pool.weights, pool.thresholds, pool.stream_offset) == ("pool", None, None, None)
    assert pool.injected is not None
    error = np.floor(mean + 0.5) - mean
    assert pool.injected["round"].rms == pytest.approx(np.sqrt((error**2).mean()))
    assert found.layers[3].injected == {}
    assert {(c.cause, c.layer) for c in found.causes} == {
        ("input", 0),
        *((cause, k) for k in (0, 2) for cause in ("clip", "round")),
        ("round", 1),
        *((cause, k) for k in (0, 2, 4) for cause in ("stream", "offset")),
    }
    said = rule(found, "dead")
    assert "1 of 3 channels of layer 0" in said.text
    # 3 × 3 weights and a bias, and 2 × 2 taps of each of 2 channels behind it.
    assert said.numbers["weights_saved"] == 10 + 8
    small = without_channels(network, {0: [1]})
    np.testing.assert_array_equal(golden.run(small, codes).scores, result.scores)
    # The float reference, by torch's own layers.
    torch = pytest.importorskip("torch")
    second, last = network.layers[2], network.layers[4]
    assert isinstance(second, ConvLayer)
    assert isinstance(last, DenseLayer)
    picture = torch.from_numpy(x[:, None] / 256)
    for conv, theta in ((layer, 40), (second, 50)):
        w = torch.from_numpy(conv.weights.transpose(0, 3, 1, 2) / 8.0)
        # In codes by L: the biases are weights of inputs that stand for 1.
        picture = torch.nn.functional.conv2d(picture * 8, w, torch.from_numpy(conv.bias * 1.0), padding=conv.padding)
        picture = picture.relu() * 16 / theta / 8
        if conv is layer:
            picture = torch.nn.functional.avg_pool2d(picture, 2)
        else:
            picture = torch.nn.functional.max_pool2d(picture, 2, 1)
    scores = picture.flatten(1).numpy() * 8 @ last.weights.T / 8 + last.bias
    right = int((classify(scores) == y).sum())
    assert found.stages[0].correct == right


def test_a_trial_rebuilds_convolution_and_pooling(tmp_path: Path, generator: np.random.Generator) -> None:
    network = conv_network(generator)
    x = generator.integers(0, 256, (200, 6, 6)).astype(np.uint8)
    chain = Chain(network)
    long = chain.rebuilt(x, length=1024)
    assert long is not None
    assert long.topology == network.topology
    # At L = 1024 little is left of rounding, streams and the clip, which these layers do not reach.
    floats = chain.floats(network.input.pooled(x) / 256, chain.grid)
    inside = np.all([f.max(axis=1) < 8 for f in floats[:-1]], axis=0)
    assert inside.sum() > 20
    scores = golden.run(long, network.input.encode(x[inside][:20], 1024)).scores / 128
    unit = np.abs(floats[-1]).max()
    assert np.abs(scores - floats[-1][inside][:20]).max() < 0.1 * unit


# --- lif networks -----------------------------------------------------------------------------------------------------


def lif_network(theta: int = 300, **options: Any) -> Network:
    rng = np.random.default_rng(3)
    weights = rng.integers(-10, 16, (5, 4))
    weights[2] = -12
    return Network(
        16,
        (
            DenseLayer(weights, [0, 0, -5, 0, 0], None, LifParams(theta, **options)),
            DenseLayer(rng.integers(-15, 16, (3, 5)), [0, 0, 0], None),
        ),
        InputSpec((4,), 256),
        theta_frac=8,
        name="spiking",
    )


@pytest.mark.parametrize("mux", [False, True])
def test_a_lif_network_has_its_activity_and_no_more(mux: bool, tmp_path: Path, generator: np.random.Generator) -> None:
    network = lif_network(width=20)
    if mux:
        network = replace(network, layers=tuple(replace(x, adder="mux") for x in network.layers))
    x = generator.integers(0, 256, (40, 4))
    found = explain(network, npz(tmp_path, x, np.arange(40) % 3), backend="golden")
    assert [s.name for s in found.stages] == ["stream", "golden"]
    assert found.stages[1].mismatches == 0
    assert (found.causes, found.margins, found.p_value) == ((), (), None)
    assert any("lif layers" in note for note in found.notes)
    counts = golden.run(network, network.input.encode(x.astype(np.uint8), 16)).counts[0]
    layer = found.layers[0]
    assert layer.lif is not None
    assert layer.activity is not None
    assert layer.lif.rate == pytest.approx(counts.mean() / 16)
    assert layer.lif.highest_rate == pytest.approx(counts.mean(axis=0).max() / 16)
    assert layer.lif.v_saturated == 0
    assert layer.activity.dead == tuple(np.flatnonzero(counts.max(axis=0) == 0))
    assert 2 in layer.activity.dead
    assert layer.activity.clipped is None
    assert (layer.injected, layer.thresholds) == (None, None)


def test_a_membrane_that_saturates_is_counted(tmp_path: Path) -> None:
    # The bias alone: −1 a clock of 256 LSB in 12 bits: −2,048 is reached at clock 8 and kept by the next 8.
    network = Network(
        16,
        (DenseLayer([[0]], [-15], None, LifParams(100, width=12, leak_shift=0)), DenseLayer([[1], [1]], [0, 0], None)),
        InputSpec((1,), 256),
        theta_frac=8,
    )
    found = explain(network, npz(tmp_path, np.zeros((3, 1)), [0, 1, 0]))
    v, over = 0, 0
    for t in range(16):
        one = int(f"{t:04b}"[::-1], 2) < 15
        v -= 256 * one
        over += v < -2048
        v = max(v, -2048)
    assert over > 0
    assert found.layers[0].lif is not None
    assert found.layers[0].lif.v_saturated == over / 16


# --- command, report, bad input ---------------------------------------------------------------------------------------


def test_the_command_prints_tables_or_json_and_writes_a_page_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "report"
    arguments = ["explain", str(NETWORKS / "digits"), "--limit", "50"]
    assert main([*arguments, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("digits  64-96-10  L = 32  on digits, validation: 50 samples")
    assert re.search(r"^  stream +50 +100\.00 %", printed, re.MULTILINE)
    assert re.search(r"^no-drop: ", printed, re.MULTILINE)
    assert sorted(p.name for p in out.iterdir()) == sorted(FILES)
    page = (out / "explain.html").read_text()
    figure = (out / "explain.svg").read_text()
    assert figure.startswith("<?xml")
    assert "<svg" in page
    assert "<?xml" not in page
    # Nothing is fetched: the only addresses are names of name spaces and references inside the page.
    outside = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert not re.search(r"https?://|@import|<script|<link|<img|src=", outside)
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', outside))
    assert main([*arguments, "--json", "--out", str(out)]) == 0  # an earlier report is replaced
    row = json.loads(capsys.readouterr().out)
    assert row["stages"][0]["name"] == "float"
    assert json.loads((out / "explain.json").read_text()) == {"format": "sc_neurocore.explanation", **row}
    assert (out / "explain.svg").read_text() == figure
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


def test_what_names_hold_cannot_become_part_of_the_page(digits: Network) -> None:
    hostile = "<script>alert('1')</script> & \"x\""
    found = replace(explain(digits, limit=5), network=hostile, notes=(hostile,))
    page = report._html(found, None)
    assert "<script" not in page
    # The characters are kept: a browser shows what the name is.
    shown = unescape(page)
    assert shown.count(hostile) == 3  # title, heading, note
    assert "{{" not in page
    assert "{%" not in page


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "explain.json").write_text("{}")
    assert main(["explain", str(NETWORKS / "digits"), "--limit", "5", "--out", str(tmp_path)]) == 2
    assert "is not an earlier report" in capsys.readouterr().err
    assert (tmp_path / "explain.json").read_text() == "{}"


def test_without_matplotlib_the_report_has_no_figure_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    arguments = ["explain", str(NETWORKS / "digits"), "--limit", "5", "--json"]
    assert main([*arguments, "--out", str(tmp_path / "x")]) == 0
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    left_out = "without its figure (explain.svg), which needs matplotlib: pip install matplotlib"
    assert lines[0] == f"note: the report will be {left_out}"  # before the work
    assert lines[-1] == f"report: {tmp_path / 'x' / 'explain.html'}, {left_out}"
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == ["explain.html", "explain.json"]
    written = json.loads((tmp_path / "x" / "explain.json").read_text())
    assert written == {"format": "sc_neurocore.explanation", **json.loads(captured.out)}
    page = (tmp_path / "x" / "explain.html").read_text()
    assert "<svg" not in page
    assert left_out in page
    assert main([*arguments, "--out", str(tmp_path / "x")]) == 0  # it is a report, to be replaced
    assert main(arguments) == 0


def test_what_a_back_end_lacks_is_told_before_the_work(
    digits: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sc_neurocore.explain import measure
    from sc_neurocore.hardware import tools

    def missing(name: str) -> None:
        raise ScError(f"{name} was not found")

    monkeypatch.setattr(tools, "find", missing)
    monkeypatch.setattr(measure._Counting, "run", lambda *_: pytest.fail("it worked before it asked"))
    with pytest.raises(ScError, match="verilator was not found"):
        explain(digits, limit=5, backend="rtl")


def test_a_failed_write_leaves_the_old_report(digits: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    found = explain(digits, limit=5)
    out = write(found, tmp_path / "report")
    before = (out / "explain.html").read_text()

    def full(self: Path, *_: Any, **__: Any) -> int:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(OSError, match="disk full"):
            write(found, out)
    assert (out / "explain.html").read_text() == before
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


def test_a_file_that_the_network_was_trained_on_is_looked_at_in_its_validation_part(
    digits: Network, tmp_path: Path
) -> None:
    samples = data.load("digits")
    path = tmp_path / "own.npz"
    np.savez(path, x=(samples.x_test * 15).astype(np.uint8), y=samples.y_test)
    spec = InputSpec((8, 8), 256)
    own = replace(digits, input=spec, info={**digits.info, "data_sha256": data.file_sha256(path)})
    assert explain(own, path, limit=20).split == "validation"
    assert explain(replace(own, info=digits.info), path, limit=20).split == "all"
    assert explain(own, path, limit=20, split="test").split == "test"
    with pytest.raises(ScError, match=r"name the \.npz file by --data"):
        explain(own)


def test_the_rtl_has_the_scores_of_the_stream_stage(
    small: Network, tmp_path: Path, generator: np.random.Generator
) -> None:
    network = replace(small, input=InputSpec((3,), 256))
    path = npz(tmp_path, generator.integers(0, 256, (30, 3)), generator.integers(0, 2, 30))
    stage = explain(network, path, backend="rtl").stages[-1]
    assert (stage.name, stage.mismatches, stage.changed) == ("rtl", 0, 0)


def test_the_documents_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    document = (NETWORKS.parents[1] / "docs" / "explain.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/explain.md", "exec"), {})
    assert main(["explain", "mine", "--model", "model.npz", "--split", "test", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert [s["name"] for s in row["stages"]] == ["model", "float", "quantised", "stream"]
    # Another torch may train other weights: as far as the arithmetic can be told in advance.
    assert row["stages"][0]["correct"] > row["stages"][3]["correct"]
    assert row["suggestions"][0]["rule"] in ("stream", "rounding", "weights", "offset", "clip", "spread", "noise")


def test_the_document_states_every_rule() -> None:
    document = (NETWORKS.parents[1] / "docs" / "explain.md").read_text()
    stated = set(re.findall(r"^\| ([a-z-]+) \|", document.split("## The rules")[1], re.MULTILINE)) - {"rule"}
    assert rules.__doc__ is not None
    named = set(re.findall(r"^([a-z-]+)  +[a-z0-9]", rules.__doc__, re.MULTILINE)) - {"rule"}
    used = set(re.findall(r'Suggestion\(\s*"([a-z-]+)"', Path(str(rules.__file__)).read_text()))
    assert stated == named == used


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["NOWHERE"], "no such folder"),
        (["EMPTY"], "network.json: cannot be read"),
        (["NET", "--split", "some"], "split must be one of train, validation, test, all, got 'some'"),
        (["NET", "--backend", "verilog"], "backend must be one of golden, packed"),
        (["NET", "--data", "cifar"], "data set must be one of"),
        (["NET", "--data", "nowhere.npz"], "nowhere.npz"),
        (["NET", "--data", "NPZ"], "takes shape (8, 8)"),
        (["NET", "--model", "nowhere.npz"], "model file nowhere.npz does not exist"),
        (["NET", "--model", "NPZ"], "arrays must be weight0, bias0, weight1, bias1, got x, y"),
        (["NET", "--model", "SHORT"], "array weight1 is missing"),
        (["NET", "--model", "SHAPE"], "weight0 must be floats of shape (96, 64), got float64 (3, 3)"),
        (["NET", "--model", "TEXT"], "is not a readable .npz"),
        (["NET", "--model", "NAN"], "weight0 must be finite"),
        (["NET", "--out", "TEXT"], "exists and is no folder"),
    ],
)
def test_mistakes_are_one_line_with_the_rule(
    arguments: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no archive")
    np.savez(tmp_path / "short.npz", weight0=np.zeros((96, 64)))
    np.savez(tmp_path / "shape.npz", weight0=np.zeros((3, 3)), weight1=np.zeros((10, 96)))
    np.savez(tmp_path / "nan.npz", weight0=np.full((96, 64), np.nan), weight1=np.zeros((10, 96)))
    names = {
        "NET": NETWORKS / "digits",
        "NOWHERE": tmp_path / "x",
        "EMPTY": tmp_path / "empty",
        "TEXT": tmp_path / "text",
        "NPZ": npz(tmp_path, np.zeros((4, 3)), [0, 1, 0, 1]),
        "SHORT": tmp_path / "short.npz",
        "SHAPE": tmp_path / "shape.npz",
        "NAN": tmp_path / "nan.npz",
    }
    assert main(["explain", *(str(names.get(a, a)) for a in arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert expected in captured.err
    assert "Traceback" not in captured.err


def test_a_model_from_python_is_checked_like_a_file(digits: Network) -> None:
    real = [(w, layer.bias * 1.0) for (w, _), layer in zip(reference.parameters(digits), digits.layers, strict=True)]
    assert explain(digits, limit=5, model=real).stages[0].name == "model"
    with pytest.raises(ScError, match="a model has 2 pairs, got 1"):
        explain(digits, limit=5, model=real[:1])
    with pytest.raises(ScError, match=r"weight1 must be floats of shape \(10, 96\), got float64 \(96, 64\)"):
        explain(digits, limit=5, model=[real[0], real[0]])
    with pytest.raises(ScError, match="bias0 must be finite"):
        explain(digits, limit=5, model=[(real[0][0], real[0][1] * np.nan), real[1]])


def test_large_tables_are_left_to_the_packed_simulator(digits: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    from sc_neurocore.explain import chain

    by_table = explain(digits, limit=20)
    monkeypatch.setattr(chain, "_TABLE_ENTRIES", 0)
    monkeypatch.setattr(chain.lookup, "run", None)
    assert explain(digits, limit=20) == by_table


@pytest.mark.parametrize("limit", ["0", "-1", "few", ""])
def test_an_empty_limit_is_refused(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(NETWORKS / "digits"), "--limit", limit]) == 2
    assert "must be a whole number of at least 1" in capsys.readouterr().err
    with pytest.raises(ScError, match="limit must be at least 1, got 0"):
        explain(artifact.load(NETWORKS / "digits"), limit=0)


def test_a_lif_network_takes_no_float_model(tmp_path: Path) -> None:
    path = npz(tmp_path, np.zeros((3, 4)), [0, 1, 2])
    with pytest.raises(ScError, match="a model of lif layers cannot be compared"):
        explain(lif_network(width=20), path, model=path)
    with pytest.raises(ScError, match="a model of lif layers cannot be compared"):
        explain(lif_network(width=20), path, model=[])
    with pytest.raises(ScError, match="has lif layers"):
        Chain(lif_network(width=20))
