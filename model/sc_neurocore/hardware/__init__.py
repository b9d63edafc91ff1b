"""From a network to hardware: memory images, simulation, estimates, builds, boards, the host link.

There are two kinds of hardware. A time-unrolled engine computes one synapse of a few neurons in each clock and reads
the network from memory: its modules are `image`, `conv_image`, `core`, `rtl_sim`, `estimate`, `build`, `flash`,
`host` and `virtual_board`. A streaming design has every synapse of one network in space: its modules begin with
`stream_`. `docs/architecture.md` names what each module holds.
"""
