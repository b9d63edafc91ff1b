"""Recipes that train within seconds, for tests."""

from __future__ import annotations

from pathlib import Path


def silent(_: str) -> None:
    pass


RECIPE = """
data = "digits"
[network]
hidden = [8]
length = 8
[training]
epochs = 4
float_epochs = 2
batch = 64
float_learning_rate = 0.02
learning_rate = 0.01
seed = 4
[augment]
shift = 0.5
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "little.toml"
    path.write_text(text)
    return path


SPIKING = """
kind = "spiking"
data = "digits"

[network]
model = "SpikingNet"
hidden = 12
layers = 1
steps = 8
learn_beta = true
learn_threshold = true

[training]
epochs = 4
float_epochs = 2
batch = 64
float_learning_rate = 0.01
learning_rate = 0.005

[augment]
shift = 0.5
"""

# The same in steps, each image shown five times.
STEPS = SPIKING.replace("steps = 8", 'steps = 5\nlength = 16\nreadout = "potentials"').replace(
    "learning_rate = 0.005", 'learning_rate = 0.005\nrate_cost = 0.1\nloss = "membrane_loss"'
)

# Binary inputs, thresholds given, no calibration; each layer keeps a number of weights.
SPARSE = """
data = "digits"

[network]
hidden = [12]
length = 8
threshold = 8
theta = 16

[training]
epochs = 6
float_epochs = 0
batch = 64
float_learning_rate = 0.01
learning_rate = 0.01
temperature = 0.25
l1 = 1e-4
keep = [200, 60]
"""
