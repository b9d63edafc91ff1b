"""From a network to hardware: memory images, simulation, estimates, builds, boards, the host link."""
