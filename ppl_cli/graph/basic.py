"""Nodes of the graph, in Aesara's words: Variable, Apply, Op, Constant.

An `Apply` is an op with inputs and outputs; a `Variable` is an output of an `Apply` (its owner) or a root.
Nodes are immutable and interned: the same op on the same inputs is the same object, so equality is `is` and
common subexpressions merge by construction. A rewrite builds a new graph and shares what did not change.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from weakref import WeakValueDictionary

import numpy as np

from ppl_cli.graph.types import DType, TensorType


class Op:
    """What an `Apply` does. Subclasses are frozen dataclasses: two ops with equal fields are equal.

    A subclass gives `output_types` (shapes and dtypes, computed once), `perform` (its meaning in NumPy) and
    `grad`. Behaviour that belongs to a room above (log density, kernels, vectorization) is kept in tables there,
    dispatched on the op.
    """

    name: ClassVar[str]

    def output_types(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        """The types of the outputs, given those of the inputs."""
        raise NotImplementedError(type(self).__name__)

    def perform(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """The values of the outputs: the reference that compiled code must agree with."""
        raise NotImplementedError(type(self).__name__)

    def grad(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], gradients: Sequence[Variable]
    ) -> Sequence[Variable | None]:
        """Vector-Jacobian product: for each input the gradient, in its shape, or None where it is zero.

        `gradients` holds those of the outputs (zeros where an output does not matter).
        """
        raise NotImplementedError(f"{self} has no gradient")

    @property
    def pure(self) -> bool:
        """Whether the outputs depend on nothing but the inputs, so that constants may be folded."""
        return True

    @property
    def foldable(self) -> bool:
        """Whether a node of this op on constants is better replaced by its values."""
        return self.pure

    @property
    def commutative(self) -> bool:
        """Whether the order of the (two) inputs does not matter."""
        return False

    @property
    def bodies(self) -> tuple[Any, ...]:
        """The inner graphs, each with its `parameters` and `results`; most ops have none."""
        return ()

    def map_results(self, transform: Callable[[Sequence[Variable]], Sequence[Variable]]) -> Op:
        """The same op with `transform` applied to the results of each inner graph, if it has any."""
        return self

    def __call__(self, *inputs: Variable) -> Variable:
        """The single output of this op on `inputs`."""
        (output,) = self.apply(*inputs).outputs
        return output

    def apply(self, *inputs: Variable) -> Apply:
        return Apply.of(self, inputs)

    def __str__(self) -> str:
        return self.name


class Variable:
    """A tensor of a known type: a root (owner is None) or output number `index` of its owner."""

    __slots__ = ("type", "owner", "index", "name", "__weakref__")

    def __init__(self, type: TensorType, owner: Apply | None = None, index: int = 0, name: str | None = None) -> None:
        self.type = type
        self.owner = owner
        self.index = index
        self.name = name

    @property
    def shape(self) -> tuple[int, ...]:
        return self.type.shape

    @property
    def ndim(self) -> int:
        return len(self.type.shape)

    @property
    def dtype(self) -> DType:
        return self.type.dtype

    if TYPE_CHECKING:  # installed by ppl_cli.ops.operators, because gradients of all ops need them

        def as_type(self, type: TensorType) -> Variable:
            """This variable broadcast and converted to `type`."""
            ...

        def sum_to(self, shape: tuple[int, ...]) -> Variable:
            """This variable summed over the axes along which `shape` was broadcast; broadcast if it is smaller."""
            ...

        def take_slice(self, start: int, stop: int, axis: int = 0) -> Variable:
            """The elements from `start` to before `stop` along `axis`."""
            ...

        def __add__(self, other: Any) -> Variable: ...
        def __radd__(self, other: Any) -> Variable: ...
        def __sub__(self, other: Any) -> Variable: ...
        def __rsub__(self, other: Any) -> Variable: ...
        def __mul__(self, other: Any) -> Variable: ...
        def __rmul__(self, other: Any) -> Variable: ...
        def __truediv__(self, other: Any) -> Variable: ...
        def __rtruediv__(self, other: Any) -> Variable: ...
        def __pow__(self, other: Any) -> Variable: ...
        def __rpow__(self, other: Any) -> Variable: ...
        def __neg__(self) -> Variable: ...

    @property
    def op(self) -> Op | None:
        """The op that made this variable, None for a root."""
        return self.owner.op if self.owner is not None else None

    @property
    def inputs(self) -> tuple[Variable, ...]:
        """The inputs of the owner, () for a root."""
        return self.owner.inputs if self.owner is not None else ()

    def __repr__(self) -> str:
        return f"<{self.name or self.op} : {self.type}>"

    def __bool__(self) -> bool:
        raise TypeError("the truth value of a graph variable is not known while the graph is built")


class Constant(Variable):
    """A variable whose value is known.

    `literal` tells a number of the program's text, which is printed into the code, from data, which is passed in, so
    that new data of the same shape need no new compilation.
    """

    __slots__ = ("data", "literal", "_uniform")

    def __init__(self, data: np.ndarray, literal: bool, name: str | None = None) -> None:
        super().__init__(TensorType(_dtype_name(data), data.shape), name=name)
        self.data = data
        self.literal = literal
        self._uniform: float | int | bool | None | Literal["unknown"] = "unknown"

    @property
    def uniform(self) -> float | int | bool | None:
        """The number that every element is, None if they differ or if there are none."""
        if self._uniform == "unknown":
            first = self.data.flat[0].item() if self.data.size else None
            self._uniform = first if first is not None and bool((self.data == first).all()) else None
        return self._uniform

    def __repr__(self) -> str:
        return f"<{self.data if self.data.size <= 6 else 'constant'} : {self.type}>"


class Apply:
    """An op applied to inputs. Make one with `Apply.of` (or by calling the op), never directly."""

    __slots__ = ("op", "inputs", "outputs", "_key", "__weakref__")

    op: Op
    inputs: tuple[Variable, ...]
    outputs: tuple[Variable, ...]
    _key: tuple[Any, ...]

    @staticmethod
    def of(op: Op, inputs: Sequence[Variable]) -> Apply:
        """The one node of `op` on `inputs`."""
        key = (op, *map(id, inputs))
        node = _nodes.get(key)
        if node is None:
            node = Apply()
            node.op, node.inputs, node._key = op, tuple(inputs), key
            types = op.output_types(*(v.type for v in inputs))
            node.outputs = tuple(Variable(t, node, k) for k, t in enumerate(types))
            _nodes[key] = node
        return node

    def __repr__(self) -> str:
        return f"<{self.op}({', '.join(v.name or str(v.op) for v in self.inputs)})>"


# Ids in the keys stay valid because a node keeps its inputs alive.
_nodes: WeakValueDictionary[tuple[Any, ...], Apply] = WeakValueDictionary()
_constants: WeakValueDictionary[tuple[Any, ...], Constant] = WeakValueDictionary()

_INTERNED_SIZE = 64  # larger constants are told apart by identity: hashing data of any size would cost a pass over it


def _dtype_name(data: np.ndarray) -> DType:
    name = data.dtype.name
    if name not in ("float64", "int64", "bool"):
        raise TypeError(f"a constant of dtype {name}")
    return name  # type: ignore[return-value]


def constant(value: Any, *, literal: bool = True, name: str | None = None) -> Constant:
    """A constant from a number or array; integers become int64, floats float64. Large arrays count as data."""
    data = np.asarray(value)
    kind = data.dtype.kind
    data = data.astype({"b": "bool", "i": "int64", "u": "int64", "f": "float64"}[kind], copy=False)
    if data.ndim and not data.flags.c_contiguous:
        data = np.ascontiguousarray(data)
    if data.size > _INTERNED_SIZE:
        return Constant(data, False, name)
    key = (data.dtype.char, data.shape, data.tobytes(), literal, name)
    found = _constants.get(key)
    if found is None:
        found = _constants[key] = Constant(data, literal, name)
    return found


def root(name: str, dtype: DType = "float64", shape: tuple[int, ...] = ()) -> Variable:
    """A new root: a variable that the graph does not compute."""
    return Variable(TensorType(dtype, tuple(shape)), name=name)


def as_variable(value: Any) -> Variable:
    """`value` itself if it is a variable, else a literal constant."""
    return value if isinstance(value, Variable) else constant(value)
