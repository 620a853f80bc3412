"""A seed → a random program: data, parameters, functions, and statements in the blocks."""
from __future__ import annotations

from typing import Any

import numpy as np
from end_to_end.random_programs.expressions import Impossible, Variable
from end_to_end.random_programs.rules import Rule
from end_to_end.random_programs.statements import Statements
from end_to_end.random_programs.tree import Function, Program, Statement
from end_to_end.random_programs.types import INT, REAL, VOID, Type, pattern

SIZES = ([1, 2, 3, 4, 5, 6, 3, 4, 5, 7], [1, 2, 3, 4, 2, 3, 4], [0, 1, 2, 3, 4, 5, 6])

DATA = {"y": "vector N", "u": "array real N", "X": "matrix N K", "w": "vector K", "A": "array vector M K"}
TABLES = [("N", "K"), ("K", "N"), ("N", "N"), ("N", "M"), ("M", "K")]
PARAMETERS = {
    "a": ("real", False), "s": ("real", True), "b": ("vector K", False), "c": ("vector N", False),
    "Z": ("matrix N K", False), "d": ("array real M", False), "r": ("row_vector M", True),
    "B": ("array vector K N", False),
}  # fmt: skip


def random_program(seed: int) -> Program:
    rng = np.random.default_rng(seed)
    sizes = {name: int(rng.choice(options)) for name, options in zip("NKM", SIZES, strict=True)}
    grower = Statements(rng, sizes)
    scope = grower.scopes[0]
    data, declarations = _data(grower, rng)
    functions = [f for _ in range(int(rng.integers(0, 3))) if (f := _function(grower, rng)) is not None]
    transformed_data = _top(grower, int(rng.integers(0, 3)), pure=True) if rng.random() < 0.3 else ()
    scope[:] = [_read_only(v) for v in scope]
    parameters = []
    for name, (text, positive) in PARAMETERS.items():
        if name == "a" or rng.random() < 0.5:
            t = pattern(text)
            parameters.append((name, t, positive))
            scope.append(Variable(name, t))
    before = len(scope)
    grower.no_ints = True
    transformed = _top(grower, int(rng.integers(1, 5)), pure=True) if rng.random() < 0.5 else ()
    grower.no_ints = False
    names = tuple(v.name for v in scope[before:])
    scope[:] = [_read_only(v) for v in scope]
    model = _top(grower, int(rng.integers(4, 9)), pure=False)
    return Program(
        sizes, data, declarations, tuple(parameters), tuple(functions), transformed_data, transformed, names, model
    )


def _read_only(v: Variable) -> Variable:
    return Variable(v.name, v.type, False, v.range, v.before, v.after)


def _data(grower: Statements, rng: np.random.Generator) -> tuple[dict[str, Any], tuple[str, ...]]:
    data: dict[str, Any] = dict(grower.sizes)
    declarations = [f"int<lower=0> {name};" for name in grower.sizes]
    for name, text in DATA.items():
        t = pattern(text)
        shape = tuple(grower.sizes[s] for s in t.sizes)
        data[name] = np.round(rng.normal(size=shape), 2).tolist() if np.prod(shape) else np.zeros(shape)
        declarations.append(f"{t.declared()} {name};")
        grower.scopes[0].append(Variable(name, t))
    for size, target in TABLES:
        name, t = f"{size}_{target}", Type("int", (size,), 1)
        if not grower.sizes[target] and grower.sizes[size]:
            continue
        found = rng.integers(1, grower.sizes[target] + 1, grower.sizes[size]) if grower.sizes[size] else np.zeros(0, int)
        data[name] = (np.sort(found) if rng.random() < 0.3 else found).tolist()
        declarations.append(f"{t.declared()} {name};")
        grower.scopes[0].append(Variable(name, t, range=target))
    grower.scopes[0] += [Variable(name, INT) for name in grower.sizes]
    return data, tuple(declarations)


def _top(grower: Statements, count: int, pure: bool) -> tuple[Statement, ...]:
    """The statements of one block of the program."""
    grower.pure, grower.left = pure, 14
    made: list[Statement] = []
    scope = grower.scopes[0]
    before = len(scope)
    for k in range(count):
        kinds = [grower.declare, grower.declare, grower.filled] if k < min(3, count / 2) else [grower.statement, grower.for_]
        made += grower.attempt(*kinds)
    if not pure:
        made += [grower.seen(v) for v in scope[before:] if v.writable]
        made += [grower.seen(v) for v in scope[:before] if v.name[0] == "v" and grower.likely(0.5)]
    return tuple(made)


def _function(grower: Statements, rng: np.random.Generator) -> Function | None:
    """A function of the sizes and some arguments, from which one more rule of expressions is made."""
    result = grower.choose([REAL, REAL, Type("vector", ("K",)), INT, VOID])
    name = grower.fresh("g") + ("_lp" if result == VOID else "")
    types = [pattern(grower.choose(["real", "real", "int", "vector K", "vector N", "array int N", "matrix N K"]))
             for _ in range(int(rng.integers(1, 4)))]  # fmt: skip
    arguments = [grower.fresh("x") for _ in types]
    outer, grower.scopes = grower.scopes, [[Variable(n, t) for n, t in zip(arguments, types, strict=True)]]
    grower.returns, grower.pure, grower.left = result, result != VOID, 8
    try:
        body = [*grower.declare(), *grower.block(5)]
        if result != VOID:
            value = grower.bounded(grower.expression(result, 2))
            body.append(Statement("return {0};", f"return {result.scalar}({{0}})", (value,)))
    except Impossible:
        return None
    finally:
        grower.scopes, grower.returns = outer, None
    typed = [f"{t.unsized} {n}" for n, t in zip(arguments, types, strict=True)]
    header = ", ".join(["int N", "int K", "int M", *typed])
    call = f"{name}(N, K, M, {', '.join(f'{{{k}}}' for k in range(len(types)))})"
    grower.rules += [Rule(result, tuple(types), call, call)] * 4
    python = f"def {name}(N, K, M, {', '.join(arguments)}):"
    return Function(f"{result.unsized} {name}({header})", python, tuple(body))
