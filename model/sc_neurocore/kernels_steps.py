"""The compiled kernels under the packed simulator of networks in steps (A20, A21).

A sample goes through all its steps and layers in one call, so that states, lists of spikes and sums stay in the
innermost cache. Spikes are not multiplied: each spike adds the row of its neuron's weights to the sums of a layer, and
what does not spike is not visited. Rows lie in memory neuron beside neuron, padded with zeros to whole vectors.

What happens most often is written as LLVM instructions on vectors, as in `kernels`: `add_rows` keeps the sums in
registers while the rows pass, `nonzero` finds the spikes among 64 numbers, and `_step` makes a step of 16 neurons at a
time. The rest is Numba. `packed_steps` chooses the types of the arrays, so that no number overflows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from .jit import njit

__all__ = [
    "ALIF",
    "LI",
    "LIF",
    "NO_NEURON",
    "POTENTIAL",
    "READOUT",
    "SYNAPTIC",
    "VECTOR_NEURONS",
    "Plan",
    "run_samples",
]

#: Neurons of a layer are padded to a multiple of so many, as the loops take them in vectors.
VECTOR_NEURONS = 32
#: Numbers of the kinds of neurons in `Plan.kind`; NO_NEURON is a readout that adds sums.
NO_NEURON, LI, LIF, SYNAPTIC, ALIF = range(5)
#: Numbers of the readouts: those of `steps.READOUTS` in their order.
READOUT = {"sum": 0, "spikes": 1, "potentials": 2, "potential": 3}
POTENTIAL = READOUT["potential"]
# Numbers that `nonzero` looks at together.
_MASK = 64
# The numbers of a layer's description, in their order.
_PADDED, _LINK, _LINKS, _KIND, _LEAK_MODE, _RESET_MODE = range(6)
# Neurons that make a step together.
_STEP = 16


class Plan(NamedTuple):
    """A network in steps as the kernels read it.

    Sums have 16 bits, states and parameters 32; or all of them twice that. Arrays of lanes have a row for each layer,
    as long as the widest layer needs.

    Attributes:
        layers: For each layer six numbers, int64: its lanes, its first link, its number of links, the kind of neuron,
            leak_mode and reset_mode.
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
        theta_frac: Fraction bits of the currents.
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
    theta_frac: int
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

# The arguments of a step of a layer's neurons: arrays, then whole numbers.
_ARRAYS = tuple("sums v second rest u spike counts shift beta theta reset period shift_2 beta_2 raised".split())  # noqa: SIM905
_NUMBERS = tuple("at spike_at counts_at lanes theta_frac mode reset_mode low high".split())  # noqa: SIM905


def _step(kind: int) -> Any:
    """Return one step of neurons of a kind (A13, neuron `lif`; A21), as an intrinsic that Numba code can call.

    Of the arrays, sums is read from its start, spike from `spike_at`, counts from `counts_at`, all others from `at` on,
    `lanes` numbers each. The second state, i or a, v, rest and counts change; u becomes the potential, and spike is 0
    or 1. Both modes of leak and of reset are computed, and one is taken: that costs less than a branch.
    """

    def typed(
        context: Any,
        sums: Any,
        v: Any,
        second: Any,
        rest: Any,
        u: Any,
        spike: Any,
        counts: Any,
        shift: Any,
        beta: Any,
        theta: Any,
        reset: Any,
        period: Any,
        shift_2: Any,
        beta_2: Any,
        raised: Any,
        at: Any,
        spike_at: Any,
        counts_at: Any,
        lanes: Any,
        theta_frac: Any,
        mode: Any,
        reset_mode: Any,
        low: Any,
        high: Any,
    ) -> Any:
        given = (
            sums,
            v,
            second,
            rest,
            u,
            spike,
            counts,
            shift,
            beta,
            theta,
            reset,
            period,
            shift_2,
            beta_2,
            raised,
            at,
            spike_at,
            counts_at,
            lanes,
            theta_frac,
            mode,
            reset_mode,
            low,
            high,
        )

        def codegen(context: Any, b: Any, signature: Any, args: Any) -> Any:
            value = dict(zip(_ARRAYS + _NUMBERS, args, strict=True))
            kinds = dict(zip(_ARRAYS + _NUMBERS, signature.args, strict=True))
            data = {x: context.make_array(kinds[x])(context, b, value[x]).data for x in _ARRAYS}
            element = {x: context.get_data_type(kinds[x].dtype) for x in _ARRAYS}
            state, i64, i32 = element["v"], ir.IntType(64), ir.IntType(32)
            wide = ir.VectorType(state, _STEP)
            zero = ir.Constant(wide, [0] * _STEP)

            def vector(name: str) -> Any:
                place = {"spike": "spike_at", "counts": "counts_at"}.get(name, "at")
                at = j if name == "sums" else b.add(value[place], j)
                return b.bitcast(b.gep(data[name], [at]), ir.VectorType(element[name], _STEP).as_pointer())

            def load(name: str) -> Any:
                return b.load(vector(name), align=element[name].width // 8)

            def store(name: str, x: Any) -> None:
                b.store(x, vector(name), align=element[name].width // 8)

            def splat(scalar: Any) -> Any:
                one = b.insert_element(ir.Constant(wide, ir.Undefined), scalar, ir.Constant(i32, 0))
                return b.shuffle_vector(
                    one, ir.Constant(wide, ir.Undefined), ir.Constant(ir.VectorType(i32, _STEP), [0] * _STEP)
                )

            def leaked(x: Any, shift: str, beta: str) -> Any:
                by = load(shift)
                shifted = b.sub(x, b.select(b.icmp_signed("!=", by, zero), b.ashr(x, by), zero))
                factor = b.ashr(b.mul(x, load(beta)), ir.Constant(wide, [8] * _STEP))
                return b.select(factor_mode, factor, shifted)

            def limited(x: Any) -> Any:
                x = b.select(b.icmp_signed("<", x, low), low, x)
                return b.select(b.icmp_signed(">", x, high), high, x)

            none = ir.Constant(i64, 0)
            factor_mode, to_value = (b.icmp_signed("!=", value[x], none) for x in ("mode", "reset_mode"))
            low, high = splat(value["low"]), splat(value["high"])
            theta_frac = splat(value["theta_frac"] if state.width == 64 else b.trunc(value["theta_frac"], state))
            before = b.block
            head, body, after = (b.append_basic_block(name) for name in ("head", "body", "after"))
            b.branch(head)
            b.position_at_end(head)
            j = b.phi(i64)
            j.add_incoming(none, before)
            b.cbranch(b.icmp_signed("<", j, value["lanes"]), body, after)

            b.position_at_end(body)
            current = b.shl(b.sext(load("sums"), wide), theta_frac)
            v, second = load("v"), load("second")
            if kind == SYNAPTIC:
                current = limited(b.add(leaked(second, "shift_2", "beta_2"), current))
                store("second", current)
            u = limited(b.add(leaked(v, "shift", "beta"), current))
            if kind == LI:
                store("v", u)
                store("u", u)
            else:
                theta, rest = load("theta"), load("rest")
                resting = b.icmp_signed(">", rest, zero)
                level = b.add(theta, second) if kind == ALIF else theta
                fires = b.and_(b.icmp_signed(">=", u, level), b.not_(resting))
                u_reset = b.select(to_value, load("reset"), b.sub(u, theta))
                potential = b.select(resting, v, u)
                store("u", potential)
                store("v", b.select(fires, u_reset, potential))
                left = b.sub(rest, ir.Constant(wide, [1] * _STEP))
                store("rest", b.select(resting, left, b.select(fires, load("period"), zero)))
                if kind == ALIF:
                    a = b.add(leaked(second, "shift_2", "beta_2"), b.select(fires, load("raised"), zero))
                    store("second", limited(a))
                store("spike", b.zext(fires, ir.VectorType(element["spike"], _STEP)))
                store("counts", b.add(load("counts"), b.zext(fires, ir.VectorType(element["counts"], _STEP))))
            j.add_incoming(b.add(j, ir.Constant(i64, _STEP)), b.block)
            b.branch(head)

            b.position_at_end(after)
            return context.get_dummy_value()

        return types.void(*given), codegen

    return intrinsic(typed)


_lif, _li, _synaptic, _alif = (_step(kind) for kind in (LIF, LI, SYNAPTIC, ALIF))


@njit(nogil=True)
def _advance(
    plan: Any,
    k: int,
    sums: NDArray[Any],
    v: NDArray[Any],
    second: NDArray[Any],
    rest: NDArray[Any],
    u: NDArray[Any],
    spike: NDArray[np.uint16],
    spike_at: int,
    counts: NDArray[np.int32],
    n: int,
) -> None:
    """Make a step of the neurons of layer k in sample n."""
    depth, most = plan.bias.shape
    lanes, kind, theta_frac = plan.layers[k, _PADDED], plan.layers[k, _KIND], plan.theta_frac
    low, high = plan.low[k], plan.high[k]
    mode, reset_mode = plan.layers[k, _LEAK_MODE], plan.layers[k, _RESET_MODE]
    at, to = k * most, (n * depth + k) * most
    p = plan
    if kind == LIF:
        _lif(sums, v, second, rest, u, spike, counts, p.shift, p.beta, p.theta, p.reset, p.rest, p.shift_2, p.beta_2,
             p.raised, at, spike_at, to, lanes, theta_frac, mode, reset_mode, low, high)  # fmt: skip
    elif kind == LI:
        _li(sums, v, second, rest, u, spike, counts, p.shift, p.beta, p.theta, p.reset, p.rest, p.shift_2, p.beta_2,
            p.raised, at, spike_at, to, lanes, theta_frac, mode, reset_mode, low, high)  # fmt: skip
    elif kind == SYNAPTIC:
        _synaptic(sums, v, second, rest, u, spike, counts, p.shift, p.beta, p.theta, p.reset, p.rest, p.shift_2,
                  p.beta_2, p.raised, at, spike_at, to, lanes, theta_frac, mode, reset_mode, low, high)  # fmt: skip
    else:
        _alif(sums, v, second, rest, u, spike, counts, p.shift, p.beta, p.theta, p.reset, p.rest, p.shift_2, p.beta_2,
              p.raised, at, spike_at, to, lanes, theta_frac, mode, reset_mode, low, high)  # fmt: skip


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
    rest = np.zeros_like(plan.theta)
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
        slot = -1
        for t in range(steps):
            slot = slot + 1 if slot + 1 < slots else 0
            if inputs:
                row = codes[n, t]
                if _graded(row, plan.level):
                    return False
                came = find(row, 0, inputs, events, 0)
            for k in range(depth):
                lanes, kind = layers[k, _PADDED], layers[k, _KIND]
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
                        then = slot - delay if slot >= delay else slot - delay + slots
                        start = (then * depth + source) * most
                        add_rows(sums, weights, place, lanes, live, start, found[then, source])
                if kind == NO_NEURON:
                    for j in range(classes):
                        score[j] += sums[j]
                    continue
                _advance(plan, k, sums, v, second, rest, u, flat, k * pitch, counts, n)
                if kind != LI:
                    found[slot, k] = find(flat, k * pitch, lanes, live, (slot * depth + k) * most)
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
