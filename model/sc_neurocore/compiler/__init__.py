"""Neurons from differential equations: text in, fixed-point hardware with its integer model and its proof out.

`equation_compiler` is the facade; docs/equations.md is the manual. A neuron passes these modules in this order:

| module | step |
|---|---|
| `language` | text → expression trees |
| `meaning`, `units`, `polynomial` | trees → exact polynomials in base units, units checked |
| `lower`, `tables` | polynomials → integer definitions with bounds (`program`) |
| `model` | `NeuronModel`, the text; `CompiledNeuron`, the result and its simulation |
| `hardware`, `texts`, `proof` | definitions → Verilog, Python model and bench, proof |
"""

from .equation_compiler import NeuronModel, compile_equations, compile_neuron

__all__ = ["NeuronModel", "compile_equations", "compile_neuron"]
