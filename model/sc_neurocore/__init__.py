"""Spiking neural networks in stochastic computing: one arithmetic from PyTorch to the FPGA."""

__version__ = "0.1.0"
