"""Record the operations that a model really runs, while it runs, instead of reading them off its modules.

The model is run in eval mode on a few samples. Every operation of ATen, torch's lowest layer, that works on what comes
from the input is written down with the tensors that it took. So hooks, own forward methods, functional calls, repeated
modules and weights that are computed on the way (pruning, weight norm) need no special treatment: what counts is what
arrives.

`torch.fx` leaves the hooks of a layer out and cannot trace `len(x)`. `torch.export` sees the same operations as this
record, but refuses Python that is harmless and takes seconds to load.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

from ..errors import ScError, require

__all__ = ["Operation", "Source", "Where", "record", "undisturbed"]

# What these give has the shape of their input, but not its values.
_SHAPE_ONLY = {
    "empty_like",
    "zeros_like",
    "ones_like",
    "full_like",
    "new_empty",
    "new_zeros",
    "new_ones",
    "new_full",
}


@dataclass(frozen=True, eq=False)
class Where:
    """Where an operation ran; as text it is what error messages say, such as "module 3 (Conv2d)".

    Attributes:
        modules: The modules around the operation, the outermost first, each with its name in the model.
        hook: Whether it ran in a forward hook of the innermost module.

    Example:
        >>> str(Where((("", nn.Sequential()), ("3", nn.ReLU()))))
        'module 3 (ReLU)'
    """

    modules: tuple[tuple[str, nn.Module], ...]
    hook: bool = False

    @property
    def module(self) -> nn.Module:
        """The innermost module."""
        return self.modules[-1][1]

    def __str__(self) -> str:
        name, module = self.modules[-1]
        kind = type(module).__name__
        text = f"module {name} ({kind})" if name else f"the model ({kind})"
        return f"a forward hook of {text}" if self.hook else text


@dataclass(frozen=True)
class Source:
    """Stands for a tensor that comes from the model's input, in the arguments of an `Operation`.

    Attributes:
        index: Number of the operation whose result the tensor is; −1 for the input itself.
        output: Which of its results.
    """

    index: int
    output: int = 0


@dataclass(eq=False)
class Operation:
    """One operation of ATen on what comes from the input.

    Attributes:
        name: Name in ATen without the underscore of in-place operations, such as "relu".
        function: The operation itself.
        args: Positional arguments, with `Source` for what comes from the input and copies of all other tensors.
        kwargs: Arguments by name, likewise.
        where: The module in which it ran.
        sources: The sources among the arguments.
        taken: Copy of the first tensor from the input; its first axis counts samples.
        given: Copy of the first result, or None if there is none.
        random: Whether it draws random numbers.
        stale: Whether it uses values that were changed in place elsewhere, or a second result of an operation.
    """

    name: str
    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    where: Where
    sources: list[Source]
    taken: Tensor | None
    given: Tensor | None
    random: bool = False
    stale: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        """Every argument by its name, defaults included."""
        rows = self.function._schema.arguments
        named = {row.name: row.default_value for row in rows}
        named.update({row.name: value for row, value in zip(rows, self.args, strict=False)})
        return named | self.kwargs


@dataclass
class _Calls:
    """The modules that run at the moment, kept up to date by global hooks.

    Attributes:
        names: The names of each module in the model, by id.
        stack: The modules that have been entered and not left, the outermost first.
        counts: How often each module was entered, by id. A module with several names takes the next one at each call.
        left: The module that was left last, until the next one is entered.
        inputs: The last arguments of each module, by id, for error messages.
    """

    names: dict[int, list[str]]
    stack: list[tuple[str, nn.Module]] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    left: tuple[str, nn.Module] | None = None
    inputs: dict[int, Any] = field(default_factory=dict)

    def enter(self, module: nn.Module, args: Any) -> None:
        """Note that a module begins to run, with its arguments."""
        names = self.names.get(id(module), [""])
        call = self.counts.get(id(module), 0)
        self.counts[id(module)] = call + 1
        self.stack.append((names[call] if call < len(names) else names[0], module))
        self.inputs[id(module)] = args
        self.left = None

    def leave(self, module: nn.Module, *_: Any) -> None:
        """Note that a module has returned; those that it called and that never returned are left too."""
        if any(entry[1] is module for entry in self.stack):
            while self.stack[-1][1] is not module:
                self.stack.pop()
            self.left = self.stack.pop()

    def where(self, model: nn.Module) -> Where:
        """Return the place that runs at the moment: modules, and whether it is a hook of the last one."""
        stack = self.stack or [("", model)]
        # A module's own hooks run after it has returned; what runs there belongs to it.
        if self.left is not None and self.left[1]._forward_hooks:
            return Where((*stack, self.left), hook=True)
        return Where(tuple(stack))


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A mode of torch's dispatcher that writes down every operation on what comes from the input x.

    Args:
        model: The model.
        calls: The modules that run at the moment.
        x: The input.

    Attributes:
        operations: The operations so far.
        refusal: The error that ended the run, or None. A model might catch the exception itself, so it is kept.
        of: Where each tensor that comes from the input was made, by its id.
        changed: For each memory that was changed in place, by its storage, the operation that did it.
    """

    def __init__(self, model: nn.Module, calls: _Calls, x: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.model, self.calls = model, calls
        self.operations: list[Operation] = []
        self.refusal: ScError | None = None
        self.of: dict[int, Source] = {id(x): Source(-1)}
        self.changed: dict[int, int] = {}
        self.kept: list[Any] = [x]  # as long as a tensor lives, no other one has its id

    def _source(self, value: Any) -> Source | None:
        """Return the source of a value, or None if it does not come from the input.

        A tensor whose memory was changed through another view is not what it was: for it a stale operation is added.
        """
        if not isinstance(value, Tensor):
            return None
        source = self.of.get(id(value))
        try:
            change = self.changed.get(value.untyped_storage()._cdata)
        except (NotImplementedError, RuntimeError):  # of tensors that have no storage
            change = None
        if change is not None and (source is None or source.index < change):
            # Another view of its memory was changed in place.
            old = self.operations[change]
            self.operations.append(
                Operation(old.name, old.function, old.args, old.kwargs, old.where, [], None, None, stale=True)
            )
            return Source(len(self.operations) - 1)
        return source

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation of ATen, and record it if it works on the input or draws random numbers."""
        kwargs = kwargs or {}
        flat, _ = tree_flatten((args, kwargs))
        found = [self._source(value) for value in flat]
        sources = [source for source in found if source is not None]
        draws = torch.Tag.nondeterministic_seeded in func.tags
        name = func._schema.name.split("::")[1]
        # What does not depend on the input is a constant of the model; only its value matters, where it is used.
        if not draws and (not sources or name in _SHAPE_ONLY):
            return func(*args, **kwargs)
        by_id = {id(value): source for value, source in zip(flat, found, strict=True) if source is not None}

        def kept(value: Any) -> Any:
            """Return what the record keeps of an argument: its source, a copy of a tensor, or the value itself."""
            if not isinstance(value, Tensor):
                return value
            return by_id.get(id(value)) or value.detach().clone()

        where = self.calls.where(self.model)
        taken = next((v.detach().clone() for v, s in zip(flat, found, strict=True) if s is not None), None)
        operation = Operation(
            name.rstrip("_"), func, tree_map(kept, args), tree_map(kept, kwargs), where, sources, taken, None, draws
        )
        changed = [v for v in flat if isinstance(v, Tensor)] if func._schema.is_mutable else []
        out = func(*args, **kwargs)
        results = [value for value in tree_flatten(out)[0] if isinstance(value, Tensor)]
        # An operation such as item() gives a Python number, whose use the record could not see.
        if not results and not changed:
            self.refusal = ScError(
                f"{where} decides by the values of its input ({name}): a network does the same for every sample; "
                "leave the decision out, or take another path by a module of its own"
            )
            raise self.refusal
        self.operations.append(operation)
        index = len(self.operations) - 1
        # From now on the changed tensor is the result of this operation.
        if changed:
            for row, value in zip(func._schema.arguments, args, strict=False):
                if row.alias_info is not None and row.alias_info.is_write and isinstance(value, Tensor):
                    self.of[id(value)] = Source(index)
                    self.changed[value.untyped_storage()._cdata] = index
                    self.kept.append(value)
        for output, value in enumerate(results):
            self.of[id(value)] = Source(index, output)
            self.kept.append(value)
        if results:
            operation.given = results[0].detach().clone()
        return out

    def _random(self, operation: Operation) -> Operation | None:
        """Return the operation before this one that draws random numbers, if there is one."""
        left, seen = [operation], set()
        while left:
            now = left.pop()
            if now.random:
                return now
            for source in now.sources:
                if source.index >= 0 and source.index not in seen:
                    seen.add(source.index)
                    left.append(self.operations[source.index])
        return None

    def path(self, out: Tensor) -> list[Operation]:
        """Return the operations from the input to `out`, first one first.

        They must form a chain. Where they do not, the path begins with the operation at which the chain breaks, and
        `normalise` refuses that one by name.
        """
        source = self._source(out)
        require(source is not None, f"{self.calls.where(self.model)} gives scores that do not depend on its input")
        assert source is not None
        found: list[Operation] = []
        while source.index >= 0:
            operation = self.operations[source.index]
            found.append(operation)
            if operation.random or operation.stale or source.output or len(operation.sources) != 1:
                operation.stale = operation.stale or source.output > 0
                found[-1] = self._random(operation) or operation
                break
            source = operation.sources[0]
        return found[::-1]


def _names(model: nn.Module) -> dict[int, list[str]]:
    """Return the names of every module in the model, by id; a module that stands in it twice has two."""
    names: dict[int, list[str]] = {}
    for name, module in model.named_modules(remove_duplicate=False):
        names.setdefault(id(module), []).append(name)
    return names


def _first_line(error: BaseException) -> str:
    """Return the first line of an exception's text, or its type."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _failure(calls: _Calls, model: nn.Module, error: Exception) -> str:
    """Return what to say about an exception that the model itself raised, with the shapes where these explain it."""
    where = calls.where(model)
    values = calls.inputs.get(id(where.module), ())
    shape = tuple(values[0].shape[1:]) if values and isinstance(values[0], Tensor) else None
    module = where.module
    if shape and isinstance(module, nn.Linear):
        if len(shape) > 1:
            return f"{where} must be separated from the images before it by a Flatten: it gets values of shape {shape}"
        if shape[0] != module.in_features:
            return f"{where} takes {module.in_features} inputs but gets {shape[0]}: shapes must chain"
    if shape and isinstance(module, nn.Conv2d) and len(shape) == 3 and shape[0] != module.in_channels:
        return f"{where} takes {module.in_channels} channels but gets {shape[0]}: shapes must chain"
    if shape and isinstance(module, nn.Conv2d) and len(shape) == 1:
        return f"{where} must come before Flatten and Linear: it gets values of shape {shape}"
    what = f"values of shape {shape}" if shape else "the samples"
    return f"{where} cannot take {what}: {_first_line(error)}"


def record(model: nn.Module, x: Tensor, keep: bool = True) -> tuple[Tensor, list[Operation]]:
    """Run the model on x and record its operations. Call it inside `undisturbed`.

    Args:
        model: The model, in eval mode.
        x: Its input, (n, …).
        keep: Whether to record; without it the model only runs, with the same checks.

    Returns:
        (model(x), the operations that lead there). Without `keep` there are no operations.

    Raises:
        ScError: The model fails, decides by the values of its input, or returns anything but one tensor with n rows.
            The message names the module.
    """
    calls = _Calls(_names(model))
    recorder = _Recorder(model, calls, x)
    handles = [
        torch_module.register_module_forward_pre_hook(calls.enter),
        torch_module.register_module_forward_hook(calls.leave),
    ]
    try:
        if keep:
            with recorder:
                out = model(x)
        else:
            out = model(x)
    except Exception as error:
        if recorder.refusal is not None:
            raise recorder.refusal from None
        if isinstance(error, ScError):
            raise
        raise ScError(_failure(calls, model, error)) from error
    finally:
        for handle in handles:
            handle.remove()
    calls.stack.clear()
    calls.left = None
    if recorder.refusal is not None:
        raise recorder.refusal
    root = f"the model ({type(model).__name__})"
    require(
        isinstance(out, Tensor),
        f"{root} must return one tensor of scores (n, classes), got {type(out).__name__}: wrap it in a module that "
        "returns the scores",
    )
    require(
        out.ndim >= 1 and len(out) == len(x),
        f"{root} must return scores (n, classes), got the shape {tuple(out.shape)} for {len(x)} samples",
    )
    return out.detach(), recorder.path(out) if keep else []


def _containers(module: nn.Module) -> Iterator[tuple[Any, Any]]:
    """Yield each dict, list and set among a module's attributes, with a copy of its content."""
    for value in module.__dict__.values():
        if isinstance(value, (dict, list, set)):
            yield value, value.copy()


def _tensors(modules: Sequence[nn.Module]) -> Iterator[Tensor]:
    """Yield each tensor that a module holds once: parameters, buffers and attributes."""
    seen: set[int] = set()
    for module in modules:
        for values in (module._parameters, module._buffers, module.__dict__):
            for value in list(values.values()):
                if isinstance(value, Tensor) and id(value) not in seen:
                    seen.add(id(value))
                    yield value


def _put_back(container: Any, saved: Any) -> None:
    """Give a container its saved content."""
    container.clear()
    (container.extend if isinstance(container, list) else container.update)(saved)


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Run a block with the model in eval mode and without gradients; afterwards put everything back as it was.

    Modes, attributes (a pruned module computes its weight into one), containers, the values of tensors, torch's
    precision of products and all random numbers are restored, also after an error.

    Args:
        model: The model.

    Raises:
        ScError: A module has no weights yet (lazy modules), or is not on the CPU.
    """
    modules = list(model.modules())
    names = _names(model)
    for module in modules:
        where = Where(((names[id(module)][0], module),))
        for tensor in _tensors([module]):
            lazy = is_lazy(tensor)
            require(not lazy, f"{where} has no weights yet: call the model once on some samples")
            require(
                tensor.device.type != "meta",
                f"{where} is on meta, which holds no values: make it by to_empty(device='cpu') and load its weights",
            )
            require(
                tensor.device.type == "cpu",
                f"{where} is on {tensor.device}: conversion needs the model on the CPU, as copy.deepcopy(model).cpu()",
            )
    plain = [module for module in modules if not isinstance(module, torch.jit.ScriptModule)]
    attributes = [(module, dict(module.__dict__), list(_containers(module))) for module in plain]
    training = [(module, module.training) for module in modules]
    tensors = [(t, t.detach().clone(), t.data_ptr(), t._version) for t in _tensors(plain) if not t.is_inference()]
    precision = torch.get_float32_matmul_precision()  # a lower one would round sums to bfloat16 on some processors
    states: tuple[Any, Any] = (random.getstate(), np.random.get_state())  # noqa: NPY002
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]), torch.autocast("cpu", enabled=False):
            if precision != "highest":
                torch.set_float32_matmul_precision("highest")
            if any(was for _, was in training):
                model.eval()
            yield
    finally:
        if precision != "highest":
            torch.set_float32_matmul_precision(precision)
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        for module, values, containers in attributes:
            module.__dict__.clear()
            module.__dict__.update(values)
            for container, saved in containers:
                _put_back(container, saved)
        for module, was in training:
            if module.training != was:
                module.training = was
        with torch.no_grad():
            for tensor, value, address, version in tensors:
                if tensor.data_ptr() != address or tensor.shape != value.shape:
                    tensor.data = value
                elif tensor._version != version and not _same(tensor, value):
                    tensor.copy_(value)


def _same(a: Tensor, b: Tensor) -> bool:
    """Return whether two tensors have the same dtype and the same values, where NaN equals NaN."""
    return a.dtype == b.dtype and torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)
