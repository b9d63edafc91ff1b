"""The documents' snippets on neurons, synapses, layers, conversion, as printed, indentation restored, in their order.

Those on surrogate-gradient training are in test_documents_training.py. Network and files are met by fixtures: the
digits data, enlarged, stand in for MNIST.
"""

from __future__ import annotations

import doctest
import re
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import sc_neurocore
from sc_neurocore import SilentNetworkWarning, data

NEURON = """
from sc_neurocore import StochasticLIFNeuron, BitstreamSpikeRecorder
neuron = StochasticLIFNeuron(
    v_rest=0.0,
    v_reset=0.0,
    v_threshold=1.0,
    tau_mem=20.0,
    dt=1.0,
    noise_std=0.0,
    resistance=1.0,
    seed=42,
)
recorder = BitstreamSpikeRecorder(dt_ms=1.0)
I_const = 0.08 # sub-threshold alone, but integrates over ~13 steps
for _ in range(200):
    spike = neuron.step(I_const)
    recorder.record(spike)
print(f"Spikes: {recorder.total_spikes()}")
print(f"Firing rate: {recorder.firing_rate_hz():.1f} Hz")
"""

SYNAPSE = """
import numpy as np
from sc_neurocore import BitstreamSynapse, BitstreamEncoder, bitstream_to_probability
LENGTH = 4096
encoder = BitstreamEncoder(x_min=0.0, x_max=1.0, length=LENGTH, seed=7)
pre_bits = encoder.encode(0.6) # ~60% ones
synapse = BitstreamSynapse(w_min=0.0, w_max=1.0, length=LENGTH, w=0.5, seed=99)
post_bits = synapse.apply(pre_bits)
p_pre = bitstream_to_probability(pre_bits)
p_post = bitstream_to_probability(post_bits)
p_expected = 0.6 * 0.5
print(f"P(pre)={p_pre:.3f} P(post)={p_post:.3f} expected={p_expected:.3f}")
assert abs(p_post - p_expected) < 0.05, "SC multiplication error exceeds 5%"
"""

CURRENT = """
from sc_neurocore import BitstreamCurrentSource
source = BitstreamCurrentSource(
    x_inputs=[0.5, 0.8, 0.3],
    x_min=0.0, x_max=1.0,
    weight_values=[0.6, 0.4, 0.9],
    w_min=0.0, w_max=1.0,
    length=2048,
    y_min=0.0, y_max=0.1,
    seed=42,
)
currents = [source.step() for _ in range(100)]
avg_I = np.mean(currents)
print(f"Average current over 100 steps: {avg_I:.4f}")
print(f"Full-length estimate: {source.full_current_estimate():.4f}")
"""

DENSE = """
from sc_neurocore import SCDenseLayer
layer = SCDenseLayer(
    n_neurons=4,
    x_inputs=[0.3, 0.7, 0.5, 0.2, 0.9, 0.4, 0.6, 0.8],
    weight_values=[0.5, 0.6, 0.4, 0.3, 0.7, 0.5, 0.8, 0.2],
    x_min=0.0, x_max=1.0,
    w_min=0.0, w_max=1.0,
    length=2048,
    y_min=0.0, y_max=0.1,
    dt_ms=1.0,
    neuron_params={"tau_mem": 20.0, "v_threshold": 1.0, "noise_std": 0.02},
    base_seed=42,
)
layer.run(T=500)
spikes = layer.get_spike_trains() # shape (4, 500)
print(f"Spike matrix shape: {spikes.shape}")
for stat in layer.summary()["stats"]:
    print(f" Neuron {stat['neuron']}: {stat['total_spikes']} spikes, "
          f"{stat['firing_rate_hz']:.1f} Hz")
"""

TWO_LAYERS = """
from sc_neurocore import SCDenseLayer
inputs = [0.4, 0.7, 0.3, 0.8, 0.6, 0.5, 0.9, 0.2]
weights_L1 = [0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.5, 0.6]
layer1 = SCDenseLayer(
    n_neurons=4,
    x_inputs=inputs,
    weight_values=weights_L1,
    x_min=0.0, x_max=1.0,
    w_min=0.0, w_max=1.0,
    length=2048, y_min=0.0, y_max=0.1,
    neuron_params={"tau_mem": 20.0, "noise_std": 0.01},
    base_seed=100,
)
layer1.run(T=500)
rates_L1 = [s["firing_rate_hz"] / 1000.0 for s in layer1.summary()["stats"]]
weights_L2 = [0.6, 0.5, 0.7, 0.4]
layer2 = SCDenseLayer(
    n_neurons=2,
    x_inputs=rates_L1,
    weight_values=weights_L2,
    x_min=0.0, x_max=0.1, # match L1 output range
    w_min=0.0, w_max=1.0,
    length=2048, y_min=0.0, y_max=0.1,
    neuron_params={"tau_mem": 20.0, "noise_std": 0.01},
    base_seed=200,
)
layer2.run(T=500)
print("Layer 2 output:")
for stat in layer2.summary()["stats"]:
    print(f" Neuron {stat['neuron']}: {stat['firing_rate_hz']:.1f} Hz")
"""

RATE = """
import math
from sc_neurocore import StochasticLIFNeuron, BitstreamSpikeRecorder
I = 0.08
TAU = 20.0
V_TH = 1.0
DT = 1.0
neuron = StochasticLIFNeuron(
    v_threshold=V_TH, tau_mem=TAU, dt=DT, noise_std=0.0, seed=0
)
rec = BitstreamSpikeRecorder(dt_ms=DT)
for _ in range(5000):
    rec.record(neuron.step(I))
measured_hz = rec.firing_rate_hz()
arg = 1.0 - V_TH / (I * TAU)
if arg > 0:
    t_isi = -TAU * math.log(arg)
    predicted_hz = 1000.0 / (t_isi * DT)
else:
    predicted_hz = 0.0
error_pct = abs(measured_hz - predicted_hz) / predicted_hz * 100
print(f"Predicted: {predicted_hz:.1f} Hz Measured: {measured_hz:.1f} Hz "
      f"Error: {error_pct:.1f}%")
assert error_pct < 2.0, f"Firing rate error {error_pct:.1f}% exceeds 2%"
"""

INTERVALS = """
hist, edges = rec.isi_histogram(bins=15)
print(f"ISI peak: {edges[hist.argmax()]:.1f} ms (predicted: {t_isi:.1f} ms)")
"""

MNIST_LOAD = """
import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.model_selection import train_test_split
mnist = fetch_openml("mnist_784", version=1, as_frame=False, parser="liac-arff")
X = mnist.data.astype(np.float64) / 255.0 # normalise to [0, 1]
y = mnist.target.astype(int)
# Use a small subset for SC (bitstream simulation is slower than float)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=2000, test_size=500, random_state=42, stratify=y
)
print(f"Train: {X_train.shape}, Test: {X_test.shape}")
"""

MNIST_PCA = """
from sklearn.decomposition import PCA
pca = PCA(n_components=50, random_state=42)
X_train_pca = pca.fit_transform(X_train)
X_test_pca = pca.transform(X_test)
# Rescale to [0, 1] for SC unipolar encoding
from sklearn.preprocessing import MinMaxScaler
scaler = MinMaxScaler()
X_train_sc = scaler.fit_transform(X_train_pca)
X_test_sc = scaler.transform(X_test_pca).clip(0, 1)
print(f"Reduced features: {X_train_sc.shape[1]}, range [{X_train_sc.min():.2f}, {X_train_sc.max():.2f}]")
"""

MNIST_LAYERS = """
from sc_neurocore import VectorizedSCLayer
BITSTREAM_LENGTH = 512 # precision vs speed tradeoff
layer1 = VectorizedSCLayer(n_inputs=50, n_neurons=128, length=BITSTREAM_LENGTH)
layer2 = VectorizedSCLayer(n_inputs=128, n_neurons=10, length=BITSTREAM_LENGTH)
"""

MNIST_FORWARD = '''
def forward(x):
    """Single-sample forward pass returning 10 class scores."""
    h = layer1.forward(x)
    h = np.clip(h, 0.01, 0.99) # avoid degenerate bitstreams at 0 or 1
    out = layer2.forward(h)
    return out
# Test on one sample
scores = forward(X_train_sc[0])
print(f"Scores shape: {scores.shape}") # (10,)
print(f"Predicted: {scores.argmax()}, True: {y_train[0]}")
'''

MNIST_TRAIN = '''
def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()
def cross_entropy_grad(scores, label):
    """Gradient of cross-entropy w.r.t. scores (before softmax)."""
    probs = softmax(scores)
    probs[label] -= 1.0
    return probs
LR = 0.005
EPOCHS = 15
for epoch in range(EPOCHS):
    # Shuffle training data
    perm = np.random.permutation(len(X_train_sc))
    correct = 0
    for idx in perm:
        x = X_train_sc[idx]
        label = y_train[idx]
        # Forward
        h1 = layer1.forward(x)
        h1_clip = np.clip(h1, 0.01, 0.99)
        scores = layer2.forward(h1_clip)
        pred = scores.argmax()
        if pred == label:
            correct += 1
        # Backward (rate-level pseudo-gradient)
        grad_out = cross_entropy_grad(scores, label)
        # Update layer2 weights: dL/dW2 ≈ grad_out ⊗ h1
        dW2 = np.outer(grad_out, h1_clip)
        layer2.weights -= LR * dW2
        layer2.weights = np.clip(layer2.weights, 0.01, 0.99)
        layer2._refresh_packed_weights()
        # Backprop through layer2 to get grad_h1
        grad_h1 = layer2.weights.T @ grad_out
        # Update layer1 weights: dL/dW1 ≈ grad_h1 ⊗ x
        dW1 = np.outer(grad_h1, x)
        layer1.weights -= LR * dW1
        layer1.weights = np.clip(layer1.weights, 0.01, 0.99)
        layer1._refresh_packed_weights()
    acc = correct / len(X_train_sc) * 100
    print(f"Epoch {epoch+1:2d}/{EPOCHS} Train acc: {acc:.1f}%")
'''

MNIST_TEST = """
correct = 0
for i in range(len(X_test_sc)):
    scores = forward(X_test_sc[i])
    if scores.argmax() == y_test[i]:
        correct += 1
test_acc = correct / len(X_test_sc) * 100
print(f"Test accuracy: {test_acc:.1f}%")
"""

MNIST_SWEEP = """
for L in [64, 128, 256, 512, 1024]:
    l1 = VectorizedSCLayer(n_inputs=50, n_neurons=128, length=L)
    l2 = VectorizedSCLayer(n_inputs=128, n_neurons=10, length=L)
    # Copy trained weights
    l1.weights = layer1.weights.copy()
    l2.weights = layer2.weights.copy()
    l1._refresh_packed_weights()
    l2._refresh_packed_weights()
    correct = 0
    for i in range(len(X_test_sc)):
        h = np.clip(l1.forward(X_test_sc[i]), 0.01, 0.99)
        if l2.forward(h).argmax() == y_test[i]:
            correct += 1
    print(f"L={L:5d} Accuracy: {correct/len(X_test_sc)*100:.1f}%")
"""

MNIST_MATRIX = """
from sklearn.metrics import confusion_matrix
import matplotlib.pyplot as plt
preds = [forward(X_test_sc[i]).argmax() for i in range(len(X_test_sc))]
cm = confusion_matrix(y_test, preds)
fig, ax = plt.subplots(figsize=(8, 6))
im = ax.imshow(cm, cmap="Blues")
ax.set_xlabel("Predicted")
ax.set_ylabel("True")
ax.set_title("SC-SNN MNIST Confusion Matrix")
for i in range(10):
    for j in range(10):
        ax.text(j, i, str(cm[i, j]), ha="center", va="center",
                color="white" if cm[i, j] > cm.max()/2 else "black", fontsize=8)
plt.colorbar(im)
plt.tight_layout()
plt.savefig("mnist_sc_confusion.png", dpi=150)
print("Saved mnist_sc_confusion.png")
"""

GUIDE_LAYER = """
# PyTorch
layer = torch.nn.Linear(784, 128)
output = layer(input) # matrix multiply + bias
# SC-NeuroCore
from sc_neurocore import VectorizedSCLayer
layer = VectorizedSCLayer(n_inputs=784, n_neurons=128, length=256)
output = layer.forward(input) # bitwise AND + MUX + LIF
"""

GUIDE_ATTENTION = """
# PyTorch
attn = torch.nn.MultiheadAttention(embed_dim=64, num_heads=4)
output, weights = attn(Q, K, V)
# SC-NeuroCore
from sc_neurocore import StochasticAttention
attn = StochasticAttention(dim_k=64, temperature=1.0)
output = attn.forward_softmax(Q, K, V) # proper softmax
# or
output = attn.forward(Q, K, V) # row-sum normalised (SC-native, cheaper)
"""

GUIDE_GRADIENT = """
# Forward: SC bitstream inference (stochastic)
h1 = layer1.forward(x)
h1 = np.clip(h1, 0.01, 0.99)
scores = layer2.forward(h1)
# Backward: float gradient (deterministic)
grad_out = cross_entropy_grad(scores, label)
dW2 = np.outer(grad_out, h1)
layer2.weights -= lr * dW2
layer2.weights = np.clip(layer2.weights, 0.01, 0.99)
layer2._refresh_packed_weights() # re-encode bitstreams
"""

GUIDE_TRAINER = """
# SC-NeuroCore provides surrogate gradient utilities
from sc_neurocore.learning import SurrogateGradientTrainer
trainer = SurrogateGradientTrainer(
    network=[layer1, layer2],
    surrogate="fast_sigmoid", # or "triangular", "arctangent"
    lr=0.001,
)
for epoch in range(10):
    for x, y in dataloader:
        loss = trainer.train_step(x, y)
"""

GUIDE_STDP = """
from sc_neurocore import StochasticSTDPSynapse
# STDP operates on individual bitstream steps
# No gradient computation needed — fully local
"""

GUIDE_CONVERT = '''
import torch
import numpy as np
from sc_neurocore import VectorizedSCLayer
# Trained PyTorch model
pytorch_model = torch.nn.Sequential(
    torch.nn.Linear(50, 128),
    torch.nn.ReLU(),
    torch.nn.Linear(128, 10),
)
# ... training ...
# Extract weights, normalise to [0, 1]
w1 = pytorch_model[0].weight.detach().numpy()
w2 = pytorch_model[2].weight.detach().numpy()
def normalise_weights(w):
    """Map float weights to SC probability range [0.01, 0.99]."""
    w_min, w_max = w.min(), w.max()
    return 0.01 + 0.98 * (w - w_min) / (w_max - w_min)
# Create SC layers with converted weights
sc_layer1 = VectorizedSCLayer(n_inputs=50, n_neurons=128, length=512)
sc_layer1.weights = normalise_weights(w1)
sc_layer1._refresh_packed_weights()
sc_layer2 = VectorizedSCLayer(n_inputs=128, n_neurons=10, length=512)
sc_layer2.weights = normalise_weights(w2)
sc_layer2._refresh_packed_weights()
# The SC network will have slightly lower accuracy due to quantisation
# but can deploy on FPGA at milliwatt power
'''

# After the export that test_documents_training.py runs; there the lines before it are tested.
SURROGATE_COMPARE = """
from sc_neurocore.layers.sc_dense_layer import SCDenseLayer
sc_w = sc_weights[0].cpu().numpy() # first layer weights [n_hidden, n_input]
sample = X_te[0].numpy()
layer = SCDenseLayer(
    n_neurons=sc_w.shape[0],
    x_inputs=sample.tolist(),
    weight_values=sc_w[0].tolist(), # one neuron's weights
    x_min=0.0, x_max=1.0,
    w_min=0.0, w_max=1.0,
    length=2048,
    base_seed=42,
)
layer.run(T=500)
print(f"SC firing rates: {layer.summary()['avg_firing_rate_hz']:.1f} Hz")
"""


def test_one_neuron_fires_at_50_hz(capsys: pytest.CaptureFixture[str]) -> None:
    exec(NEURON, {})
    assert capsys.readouterr().out.splitlines() == ["Spikes: 10", "Firing rate: 50.0 Hz"]


def test_the_synapse_multiplies(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(SYNAPSE, names)
    # Standard error of the product at L = 4096: sqrt(0.3 * 0.7 / 4096) = 0.0072; five of them.
    assert abs(names["p_post"] - 0.3) < 5 * 0.0072
    assert re.fullmatch(r"P\(pre\)=0\.\d{3} P\(post\)=0\.\d{3} expected=0\.300\n", capsys.readouterr().out)


def test_the_current_source_gives_the_mean_of_the_products(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"np": np}
    exec(CURRENT, names)
    expected = 0.1 * (0.5 * 0.6 + 0.8 * 0.4 + 0.3 * 0.9) / 3
    # Of a bit: variance below 1/4, three channels: 0.1 * sqrt(3 / 4) / 3 / sqrt(T).
    assert abs(names["source"].full_current_estimate() - expected) < 5 * 0.0289 / np.sqrt(2048)
    assert abs(names["avg_I"] - expected) < 5 * 0.0289 / np.sqrt(100)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_dense_layer_runs_and_says_why_it_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    with pytest.warns(SilentNetworkWarning, match=r"at most 0\.5\d+, below v_threshold 1 .*above 0\.05"):
        exec(DENSE, names)
    assert names["spikes"].shape == (4, 500)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Spike matrix shape: (4, 500)"
    assert printed[1:] == [f" Neuron {k}: 0 spikes, 0.0 Hz" for k in range(4)]


def test_two_layers_run_and_say_why_they_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(SilentNetworkWarning) as caught:
        exec(TWO_LAYERS, {})
    assert ["at most 0 " in str(w.message) or "at most 0," in str(w.message) for w in caught] == [False, True]
    assert capsys.readouterr().out.splitlines()[0] == "Layer 2 output:"


def test_the_rate_is_that_of_the_formula(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(RATE, names)
    exec(INTERVALS, names)
    assert names["measured_hz"] == 50.0
    assert names["hist"].sum() == names["rec"].total_spikes() - 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Predicted: 51.0 Hz Measured: 50.0 Hz Error: 1.9%"
    assert re.fullmatch(r"ISI peak: (19|20)\.\d ms \(predicted: 19\.6 ms\)", printed[1])


def test_the_mnist_tutorial_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    import sklearn.datasets

    def fetch_openml(name: str, **options: Any) -> SimpleNamespace:
        assert (name, options["version"], options["as_frame"]) == ("mnist_784", 1, False)
        dataset = data.load("digits")
        images = np.concatenate([dataset.x_train, dataset.x_test]).reshape(-1, 8, 8) * (255 / 16)
        large = np.pad(np.kron(images, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2))).reshape(-1, 784)
        target = np.concatenate([dataset.y_train, dataset.y_test]).astype(str)
        return SimpleNamespace(data=np.tile(large, (2, 1)), target=np.tile(target, 2))

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    monkeypatch.chdir(tmp_path)
    np.random.seed(0)  # noqa: NPY002  the snippet shuffles by it
    names: dict[str, Any] = {}
    for snippet in (MNIST_LOAD, MNIST_PCA, MNIST_LAYERS, MNIST_FORWARD):
        exec(snippet, names)
    assert names["scores"].shape == (10,)
    assert names["X_train_sc"].max() > 1 - 1e-9
    before = names["layer1"].weights.copy()
    exec(MNIST_TRAIN.replace("EPOCHS = 15", "EPOCHS = 1"), names)  # each is 2,000 calls
    assert np.abs(names["layer1"].weights - before).max() > 0.01
    # Its hidden layer uses its range, and gives what floats give.
    x, layer = names["X_test_sc"], names["layer1"]
    hidden = layer.forward(x)
    assert 0.1 < hidden.mean() < 0.9
    assert hidden.std() > 0.02
    exact = np.clip(layer.gain * x @ layer.weights.T, 0, 1)
    assert np.abs(hidden - exact).max() < layer.gain * 50 * (0.5 / 512 * 2 + 3.3 / 512)  # codes, then A11
    for snippet in (MNIST_TEST, MNIST_SWEEP, MNIST_MATRIX):
        exec(snippet, names)
    # No accuracy is asked of it: its pseudo-gradient stays at chance in plain floats too.
    assert 0 <= names["test_acc"] <= 100
    assert names["cm"].sum() == 500
    assert (tmp_path / "mnist_sc_confusion.png").stat().st_size > 1000
    printed = capsys.readouterr().out.splitlines()
    assert [line[:7] for line in printed if line.startswith("L=")] == [f"L={n:5d}" for n in (64, 128, 256, 512, 1024)]


def test_the_guides_layer_takes_a_tensor() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    names: dict[str, Any] = {"torch": torch, "input": torch.rand(784)}
    exec(GUIDE_LAYER, names)
    rates = names["output"]
    assert rates.shape == (128,)
    assert rates.dtype == np.float64
    assert 0 < rates.min() < rates.max() < 1


def test_the_guides_attention_is_that_of_floats_but_for_the_streams() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    q, k, v = torch.rand(5, 64), torch.rand(7, 64), torch.rand(7, 64)
    names: dict[str, Any] = {"torch": torch, "Q": q, "K": k, "V": v}
    exec(GUIDE_ATTENTION, names)
    exact = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None])[0].numpy()
    softmax = names["attn"].forward_softmax(q, k, v)
    assert softmax.shape == names["output"].shape == (5, 64)
    # The stream's excess in one product is at most (3 log2 L + 2) / 9L (A11): 7 keys, L = 1024.
    assert np.abs(softmax - exact).max() < 7 * 3.6 / 1024 + 0.01
    scores = (q @ k.T).numpy()
    exact = scores / scores.sum(axis=1, keepdims=True) @ v.numpy()
    assert np.abs(names["output"] - exact).max() < 7 * 3.6 / 1024 + 0.01


def test_the_guides_gradient_trainer_and_stdp() -> None:
    pytest.importorskip("torch")
    from sc_neurocore import VectorizedSCLayer

    dataset = data.load("digits")
    x = dataset.x_train[:64].reshape(-1, 64) / 16
    layers = [VectorizedSCLayer(64, 16, 64, seed=0), VectorizedSCLayer(16, 10, 64, seed=1)]
    names: dict[str, Any] = {"np": np, "layer1": layers[0], "layer2": layers[1], "x": x[0], "label": 3, "lr": 0.1}

    def cross_entropy_grad(scores: Any, label: int) -> Any:
        e = np.exp(scores - scores.max())
        return e / e.sum() - np.eye(10)[label]

    names["cross_entropy_grad"] = cross_entropy_grad
    first = layers[1].forward(np.clip(layers[0].forward(x[0]), 0.01, 0.99))
    for _ in range(20):
        exec(GUIDE_GRADIENT, names)
    better = names["scores"]
    assert better[3] - better.mean() > first[3] - first.mean()
    names["dataloader"] = [(x[k : k + 16], dataset.y_train[k : k + 16]) for k in range(0, 64, 16)]
    exec(GUIDE_TRAINER, names)
    trainer = names["trainer"]
    before = trainer.train_step(x, dataset.y_train[:64])
    for _ in range(40):
        loss = trainer.train_step(x, dataset.y_train[:64])
    assert loss < before
    exec(GUIDE_STDP, names)
    synapse = names["StochasticSTDPSynapse"](0.0, 1.0, seed=0)
    assert [synapse.process_step(pre, post) for pre, post in ((0, 1), (0, 0))] == [0, 0]


def test_the_guides_conversion_runs() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    names: dict[str, Any] = {}
    exec(GUIDE_CONVERT, names)
    x = np.random.default_rng(0).random((3, 50))
    hidden = names["sc_layer1"].forward(x)
    assert names["sc_layer2"].forward(hidden).shape == (3, 10)
    # What the layer holds is what was normalised.
    weights = names["normalise_weights"](names["w1"])
    assert np.abs(names["sc_layer1"].codes / 512 - weights).max() <= 0.5 / 512 + 1e-6


def test_exported_weights_run_in_the_dense_layer(capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch")
    from sc_neurocore.training import SpikingNet

    torch.manual_seed(0)
    dataset = data.load("digits")
    names = {
        "sc_weights": SpikingNet(n_input=64, n_hidden=128, n_output=10).to_sc_weights(),
        "X_te": torch.tensor(dataset.x_test.reshape(-1, 64) / 16, dtype=torch.float32),
    }
    with pytest.warns(SilentNetworkWarning, match="128 of 128 neurons"):
        exec(SURROGATE_COMPARE, names)
    assert capsys.readouterr().out == "SC firing rates: 0.0 Hz\n"


def test_the_page_of_the_classes_names_all_of_them_and_its_examples_run() -> None:
    pytest.importorskip("torch")
    page = Path(__file__).parents[1] / "docs" / "api.md"
    text = page.read_text(encoding="utf-8")
    for name in set(sc_neurocore.__all__) - {"MODES", "ScWarning"}:
        assert f"`{name}`" in text, name
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 20
    assert failed == 0
