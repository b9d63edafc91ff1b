"""Neurons from equations: `equation_compiler` is the way in."""

from .equation_compiler import NeuronModel, compile_equations, compile_neuron

__all__ = ["NeuronModel", "compile_equations", "compile_neuron"]
