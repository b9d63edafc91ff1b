"""The compiled kernels under the packed simulator of networks in steps (A20, A21).

A sample goes through all its steps and layers in one call, so that states, lists of spikes and sums stay in the
innermost cache. Spikes are not multiplied: each spike adds the row of its neuron's weights to the sums of a layer, and
what does not spike is not visited. Rows lie in memory neuron beside neuron, padded with zeros to whole vectors.

Two small functions are written as LLVM instructions on vectors, as in `kernels`: `add_rows` keeps the sums in registers
while the rows pass, and `nonzero` finds the spikes among 64 numbers. The rest is Numba, in loops that LLVM turns into
vectors of 16 neurons where 32 bits hold every state, else of 8. It computes in the types of the arrays: what is stored
is cut to them, which lets LLVM use narrow vectors. Whoever chooses the types (`packed_steps`) sees to it that nothing
is cut.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from .jit import njit

__all__ = ["ALIF", "LANES", "LI", "LIF", "NO_NEURON", "POTENTIAL", "READOUT", "SYNAPTIC", "Plan", "run_samples"]

#: Neurons of a layer are padded to a multiple of so many lanes.
LANES = 32
#: Numbers of the kinds of neurons in `Plan.kind`; NO_NEURON is a readout that adds sums.
NO_NEURON, LI, LIF, SYNAPTIC, ALIF = range(5)
#: Numbers of the readouts: those of `steps.READOUTS` in their order.
READOUT = {"sum": 0, "spikes": 1, "potentials": 2, "potential": 3}
POTENTIAL = READOUT["potential"]
# Numbers that `nonzero` looks at together.
_MASK = 64
# The numbers of a layer's description, in their order.
_LANES, _LINK, _LINKS, _KIND, _LEAK_MODE, _RESET_MODE, _RESTS = range(7)


class Plan(NamedTuple):
    """A network in steps as the kernels read it.

    Sums have 16 bits, states and parameters 32; or all of them twice that. Arrays of lanes have a row for each layer,
    as long as the widest layer needs.

    Attributes:
        layers: For each layer seven numbers, int64: its lanes, its first link, its number of links, the kind of
            neuron, leak_mode, reset_mode, and whether any of its neurons has a refractory period.
        links: For each link four numbers, int64: the source layer, or −1 for the input; the delay, 0 within a step; the
            place of its first weight; the number of source neurons. The links of a layer lie together.
        weights: What a spike adds, a row for each source neuron, as wide as the target's lanes.
        bias: What the biases add, a number a lane.
        low: The least value of a state, a number a layer, in the type of the states.
        high: The greatest.
        shift: Leak of v by a shift, a number a lane, as all that follow.
        beta: Leak of v by a factor.
        theta: Threshold.
        reset: v_reset; 0 where the reset subtracts.
        rest: Refractory period.
        shift_2: Leak of the second state, i or a, by a shift.
        beta_2: The same by a factor.
        raised: What a spike adds to a.
        frac: Fraction bits of the currents.
        readout: Number of the readout.
        longest: The longest delay.
        level: L, the code that is a spike.
    """

    layers: NDArray[np.int64]
    links: NDArray[np.int64]
    weights: NDArray[Any]
    bias: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]
    shift: NDArray[Any]
    beta: NDArray[Any]
    theta: NDArray[Any]
    reset: NDArray[Any]
    rest: NDArray[Any]
    shift_2: NDArray[Any]
    beta_2: NDArray[Any]
    raised: NDArray[Any]
    frac: int
    readout: int
    longest: int
    level: int


def _rows_loop(vectors: int) -> Any:
    """Return the innermost loop for blocks of `vectors` vectors of 512 bits, as an intrinsic for Numba code.

    The result f(sums, at, w, place, stride, live, first, count) adds, for all lanes j of the block,

        sums[at + j] += Σ w[place + stride · live[m] + j]   over m = first … first + count − 1.
    """

    def typed(
        context: Any, sums: Any, at: Any, w: Any, place: Any, stride: Any, live: Any, first: Any, count: Any
    ) -> Any:
        def codegen(context: Any, b: Any, signature: Any, args: Any) -> Any:
            i64 = ir.IntType(64)
            element = context.get_data_type(signature.args[2].dtype)
            lanes = 512 // element.width
            vector = ir.VectorType(element, lanes)
            sums_, w_, live_ = (context.make_array(signature.args[k])(context, b, args[k]).data for k in (0, 2, 5))
            at, place, stride, first, count = (args[k] for k in (1, 3, 4, 6, 7))

            def places(base: Any) -> list[Any]:
                each = [b.gep(base, [ir.Constant(i64, v * lanes)]) for v in range(vectors)]
                return [b.bitcast(one, vector.as_pointer()) for one in each]

            before = b.block
            head, body, after = (b.append_basic_block(name) for name in ("head", "body", "after"))
            targets = places(b.gep(sums_, [at]))
            starts = [b.load(one, align=element.width // 8) for one in targets]
            last = b.add(first, count)
            b.branch(head)

            b.position_at_end(head)
            m = b.phi(i64)
            m.add_incoming(first, before)
            totals = [b.phi(vector) for _ in range(vectors)]
            for total, start in zip(totals, starts, strict=True):
                total.add_incoming(start, before)
            b.cbranch(b.icmp_signed("<", m, last), body, after)

            b.position_at_end(body)
            k = b.sext(b.load(b.gep(live_, [m])), i64)
            row = b.gep(w_, [b.add(place, b.mul(k, stride))])
            for total, one in zip(totals, places(row), strict=True):
                total.add_incoming(b.add(total, b.load(one, align=element.width // 8)), body)
            m.add_incoming(b.add(m, ir.Constant(i64, 1)), body)
            b.branch(head)

            b.position_at_end(after)
            for total, one in zip(totals, targets, strict=True):
                b.store(total, one, align=element.width // 8)
            return context.get_dummy_value()

        return types.void(sums, at, w, place, stride, live, first, count), codegen

    return intrinsic(typed)


_rows_4, _rows_2, _rows_1 = (_rows_loop(vectors) for vectors in (4, 2, 1))


def _nonzero(typing_context: Any, x: Any, at: Any) -> Any:
    """A word whose bit k says whether x[at + k] is not 0, for 64 numbers of 16 bits."""

    def codegen(context: Any, b: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(ir.IntType(16), _MASK)
        data = context.make_array(signature.args[0])(context, b, args[0]).data
        found = b.load(b.bitcast(b.gep(data, [args[1]]), vector.as_pointer()), align=2)
        return b.bitcast(b.icmp_signed("!=", found, ir.Constant(vector, [0] * _MASK)), ir.IntType(64))

    return types.uint64(x, at), codegen


nonzero: Any = intrinsic(_nonzero)


def _cttz(typing_context: Any, word: Any) -> Any:
    """Place of the lowest one of a uint64 that is not 0: LLVM's cttz."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


cttz: Any = intrinsic(_cttz)


@njit(nogil=True)
def add_rows(
    sums: NDArray[Any], w: NDArray[Any], place: int, lanes: int, live: NDArray[np.int32], first: int, count: int
) -> None:
    """Add the rows w[place + lanes · k …] of the live k to sums, shape (lanes,)."""
    lane, block = 0, 64 // w.itemsize
    while lane + 4 * block <= lanes:
        _rows_4(sums, lane, w, place + lane, lanes, live, first, count)
        lane += 4 * block
    if lane + 2 * block <= lanes:
        _rows_2(sums, lane, w, place + lane, lanes, live, first, count)
        lane += 2 * block
    if lane < lanes:
        _rows_1(sums, lane, w, place + lane, lanes, live, first, count)


@njit(nogil=True)
def find(x: NDArray[np.uint16], at: int, n: int, live: NDArray[np.int32], first: int) -> int:
    """Write the places, from x[at] on, of those of n numbers that are not 0 to live[first …]; return their number."""
    count = first
    whole = n - n % _MASK
    for start in range(0, whole, _MASK):
        word = nonzero(x, at + start)
        while word:
            live[count] = start + cttz(word)
            count += 1
            word &= word - np.uint64(1)
    for k in range(whole, n):
        live[count] = k
        count += x[at + k] != 0
    return count - first


@njit(nogil=True)
def _graded(x: NDArray[np.uint16], level: int) -> bool:
    """Return whether any number is neither 0 nor the code of a spike."""
    top, bad = np.uint16(level), np.uint16(0)
    for k in range(len(x)):
        bad |= np.uint16((x[k] != 0) & (x[k] != top))
    return bool(bad)


# --- neurons ---------------------------------------------------------------------------------------------------------
# Whole arrays and a layer's number k are passed, since a slice of an array costs as much as a few vectors.


@njit(nogil=True)
def _integrate(
    u: NDArray[Any],
    x: NDArray[Any],
    current: NDArray[Any],
    k: int,
    lanes: int,
    mode: int,
    shift: NDArray[Any],
    beta: NDArray[Any],
    plan: Any,
) -> None:
    """Set row k of u to sat(leak(x) + current) (A21)."""
    low, high = plan.low[k], plan.high[k]
    if mode:
        for j in range(lanes):
            u[k, j] = (x[k, j] * beta[k, j] >> 8) + current[k, j]
            u[k, j] = min(max(u[k, j], low), high)
    else:
        for j in range(lanes):
            # A shift of 0 means no leak. The mask tells LLVM that a shift is less than 32.
            u[k, j] = x[k, j] - ((x[k, j] >> (shift[k, j] & 31)) if shift[k, j] else 0) + current[k, j]
            u[k, j] = min(max(u[k, j], low), high)


@njit(nogil=True)
def _fire(
    v: NDArray[Any],
    u: NDArray[Any],
    rest: NDArray[Any],
    threshold: NDArray[Any],
    k: int,
    lanes: int,
    plan: Any,
    spike: NDArray[np.uint16],
) -> None:
    """Decide who fires and reset those (A13, steps 1, 4 and 5): v, rest and spike change, u becomes the potential."""
    theta, reset, period = plan.theta, plan.reset, plan.rest
    reset_mode = plan.layers[k, _RESET_MODE]
    if plan.layers[k, _RESTS]:
        for j in range(lanes):
            resting = rest[k, j] > 0
            fires = (u[k, j] >= threshold[k, j]) & (not resting)
            after = reset[k, j] if reset_mode else u[k, j] - theta[k, j]
            u[k, j] = v[k, j] if resting else u[k, j]
            v[k, j] = after if fires else u[k, j]
            rest[k, j] = rest[k, j] - 1 if resting else (period[k, j] if fires else 0)
            spike[k, j] = fires
    elif reset_mode:
        for j in range(lanes):
            fires = u[k, j] >= threshold[k, j]
            v[k, j] = reset[k, j] if fires else u[k, j]
            spike[k, j] = fires
    else:
        for j in range(lanes):
            fires = u[k, j] >= threshold[k, j]
            v[k, j] = u[k, j] - (theta[k, j] if fires else 0)
            spike[k, j] = fires


@njit(nogil=True)
def _adapt(a: NDArray[Any], k: int, lanes: int, plan: Any, spike: NDArray[np.uint16]) -> None:
    """Let the thresholds fall, and rise after a spike (A21, alif); a is never negative."""
    high = plan.high[k]
    shift, beta, raised, mode = plan.shift_2, plan.beta_2, plan.raised, plan.layers[k, _LEAK_MODE]
    for j in range(lanes):
        if mode:
            a[k, j] = a[k, j] * beta[k, j] >> 8
        else:
            a[k, j] = a[k, j] - ((a[k, j] >> (shift[k, j] & 31)) if shift[k, j] else 0)
        a[k, j] = a[k, j] + (raised[k, j] if spike[k, j] else 0)
        a[k, j] = min(a[k, j], high)


# --- a sample --------------------------------------------------------------------------------------------------------


@njit(nogil=True)
def run_samples(
    plan: Any,
    codes: NDArray[np.uint16],
    base: NDArray[Any],
    steps: int,
    scores: NDArray[np.int32],
    counts: NDArray[np.int32],
    spikes: NDArray[np.bool_],
) -> bool:
    """Run samples one after the other, each through all steps.

    Args:
        plan: The network.
        codes: Codes of every step, each 0 or L, shape (samples, T, inputs); (samples, 0, 0) where `base` has the sums.
        base: Sums of the first layer's inputs and bias, shape (samples, T, lanes), or (samples, 1, lanes) where they
            are the same in every step; (samples, 0, 0) where `codes` has the spikes.
        steps: T.
        scores: Where the scores are put, shape (samples, classes).
        counts: Where the spikes of every neuron are put, shape (samples, layers, lanes).
        spikes: Where every spike is put, shape (samples, T, layers, lanes), or (samples, 0, 0, 0).

    Returns:
        False as soon as a code is neither 0 nor L; what was written is then of no use.
    """
    layers, links, weights = plan.layers, plan.links, plan.weights
    depth, most = plan.bias.shape
    slots, inputs = plan.longest + 1, codes.shape[2]
    v, u, second = np.zeros_like(plan.theta), np.zeros_like(plan.theta), np.zeros_like(plan.theta)
    rest, current, threshold = np.zeros_like(plan.theta), np.zeros_like(plan.theta), np.zeros_like(plan.theta)
    # `nonzero` may look beyond the last lane of a row.
    pitch = most + _MASK
    spike = np.zeros((depth, pitch), dtype=np.uint16)
    flat = spike.reshape(depth * pitch)
    sums = np.zeros(most, dtype=plan.bias.dtype)
    # The spikes of the last steps as lists: those of a layer in one step begin at (slot · layers + layer) · most.
    live = np.zeros(slots * depth * most, dtype=np.int32)
    found = np.zeros((slots, depth), dtype=np.int64)
    events = np.zeros(inputs + 1, dtype=np.int32)
    came = 0
    classes = scores.shape[1]
    score = np.zeros(classes, dtype=np.int64)
    for n in range(len(scores)):
        v[:], second[:], rest[:], score[:] = plan.reset, 0, 0, 0
        for k in range(depth):
            for j in range(most):
                counts[n, k, j] = 0
        for t in range(steps):
            slot = t % slots
            if inputs:
                row = codes[n, t]
                if _graded(row, plan.level):
                    return False
                came = find(row, 0, inputs, events, 0)
            for k in range(depth):
                lanes, kind, mode = layers[k, _LANES], layers[k, _KIND], layers[k, _LEAK_MODE]
                if k == 0 and not inputs:
                    now = t if base.shape[1] > 1 else 0
                    for j in range(lanes):
                        sums[j] = base[n, now, j]
                else:
                    for j in range(lanes):
                        sums[j] = plan.bias[k, j]
                for e in range(layers[k, _LINK], layers[k, _LINK] + layers[k, _LINKS]):
                    source, delay, place = links[e, 0], links[e, 1], links[e, 2]
                    if source < 0:
                        add_rows(sums, weights, place, lanes, events, 0, came)
                    elif t >= delay:
                        then = (t - delay) % slots
                        start = (then * depth + source) * most
                        add_rows(sums, weights, place, lanes, live, start, found[then, source])
                if kind == NO_NEURON:
                    for j in range(classes):
                        score[j] += sums[j]
                    continue
                for j in range(lanes):
                    current[k, j] = sums[j] << (plan.frac & 15)
                if kind == SYNAPTIC:
                    _integrate(second, second, current, k, lanes, mode, plan.shift_2, plan.beta_2, plan)
                    _integrate(u, v, second, k, lanes, mode, plan.shift, plan.beta, plan)
                else:
                    _integrate(u, v, current, k, lanes, mode, plan.shift, plan.beta, plan)
                if kind == LI:
                    for j in range(lanes):
                        v[k, j] = u[k, j]
                else:
                    if kind == ALIF:
                        for j in range(lanes):
                            threshold[k, j] = plan.theta[k, j] + second[k, j]
                        _fire(v, u, rest, threshold, k, lanes, plan, spike)
                        _adapt(second, k, lanes, plan, spike)
                    else:
                        _fire(v, u, rest, plan.theta, k, lanes, plan, spike)
                    found[slot, k] = find(flat, k * pitch, lanes, live, (slot * depth + k) * most)
                    for j in range(lanes):
                        counts[n, k, j] += spike[k, j]
                if plan.readout > 1 and k == depth - 1:
                    for j in range(classes):
                        score[j] = u[k, j] + (0 if plan.readout == POTENTIAL else score[j])
            if spikes.shape[1]:
                for k in range(depth):
                    for j in range(most):
                        spikes[n, t, k, j] = spike[k, j] != 0
        for j in range(classes):
            scores[n, j] = counts[n, depth - 1, j] if plan.readout == 1 else score[j]
    return True
