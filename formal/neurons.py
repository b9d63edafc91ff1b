"""Prove the generated neurons: `python formal/neurons.py`, part of `make formal`; with --bugs their planted bugs too.

Each neuron of sc_neurocore.compiler.neurons is compiled anew; its harness and script are generated with it, and its
bugs are planted in the program from which the hardware is made. Exit code 0 only if every proof passed
and every bug gave a counterexample.
"""

import argparse
import sys
import warnings

from sc_neurocore.compiler import compile_neuron
from sc_neurocore.compiler.hardware import neuron_verilog
from sc_neurocore.compiler.neurons import NEURONS
from sc_neurocore.compiler.proof import bugs, harness_text, proof_tasks, prove, script_text
from sc_neurocore.errors import ScError

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Prove the generated neurons.")
    parser.add_argument("--only", metavar="NAME", action="append", choices=sorted(NEURONS), help="only this neuron")
    parser.add_argument("--bugs", action="store_true", help="plant bugs, each of which must give a counterexample")
    parser.add_argument("--timeout", type=float, default=3600, metavar="S", help="seconds for one task (default 3600)")
    options = parser.parse_args(argv)
    warnings.simplefilter("error")
    passed = planted = killed = failed = 0
    for name in options.only or NEURONS:
        neuron = compile_neuron(NEURONS[name])
        files = neuron.files()
        for task in proof_tasks(files, neuron.top):
            got = prove(files, neuron.top, task, timeout=options.timeout)
            good = got.status == "PASS"
            passed, failed = passed + good, failed + (not good)
            print(f"{got.seconds:6.1f} s  {neuron.top} {task}: {got.status} {' '.join(got.failed)}", flush=True)
        for what, bad in bugs(neuron.program) if options.bugs else ():
            text, cuts = harness_text(neuron.program, neuron.top, bad)
            planted_in = {
                f"{neuron.top}.v": neuron_verilog(bad, neuron.top, [what]),
                f"{neuron.top}_fv.v": text,
                f"{neuron.top}.sby": script_text(neuron.program, neuron.top, cuts),
            }
            got = prove(planted_in, neuron.top, "hunt", timeout=options.timeout)
            dead = got.status == "FAIL" and bool(got.failed)
            planted, killed, failed = planted + 1, killed + dead, failed + (not dead)
            print(f"{got.seconds:6.1f} s  bug in {neuron.top}, {what}: {got.status} {' '.join(got.failed)}", flush=True)
    print(f"neurons: proofs {passed} passed" + (f", planted bugs {killed} of {planted} killed" if planted else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ScError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
