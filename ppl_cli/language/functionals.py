"""Functions that take a user's function: their signatures, each with how the function is called.

Extra arguments (`...`) are passed on to the user's function; if there is a tuple after its name, they are the elements
of the tuple. Letters stand for types as in other signatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from ppl_cli.language.checked import ResolvedCall
from ppl_cli.language.context import Context
from ppl_cli.language.signatures import Pattern, Signature
from ppl_cli.language.syntax import Call, FunctionDefinition, Name, Suffix, split_suffix
from ppl_cli.language.types import (
    BASIC_TYPES,
    ArrayType,
    FunctionType,
    TupleType,
    Type,
    array_of,
    contains_error,
    promotion_cost,
)

_TOLERANCES = "data real, data real, data int"
_ODE = "vector f(real, vector, ...)"
_OLD_ODE = "array[] real f(real, array[] real, array[] real, data array[] real, data array[] int)"
_OLD_SYSTEM = "vector f(vector, vector, data array[] real, data array[] int)"
_INTEGRAND = "real f(real, real, array[] real, data array[] real, data array[] int)"
_START, _OLD_START = "vector, real, array[] real", "array[] real, real, array[] real"
_OLD_DATA = "data array[] real, data array[] int"
_OLD_TOLERANCES = "data real, data real, data real"
_DAE_START = "vector, vector, data real, data array[] real"
_ADJOINT = "data real, data vector, data real, data vector, data real, data real, " + ", ".join(["data int"] * 5)


_METHODS = {
    "rk45": "Dormand and Prince's method",
    "ckrk": "Cash and Karp's method",
    "adams": "Adams and Moulton's method",
    "bdf": "backward differences, for stiff equations",
}
_APPROXIMATELY = ", by Laplace's approximation"
LAPLACE_OPTIONS = "tuple(vector, real, int, int, int, int)"
_LIKELIHOOD, _COVARIANCE = "real f(vector, ...)", "matrix g(...)"
LATENT_LAWS = {  # what may stand between the groups and the offsets, and what the outcomes are
    "poisson_log": (("",), "counts in groups"),
    "neg_binomial_2_log": (("real, ", "vector, "), "overdispersed counts in groups"),
    "bernoulli_logit": (("",), "binary outcomes in groups"),
}
_SOLVERS = {"newton": "Newton's method", "powell": "Powell's hybrid method"}


@dataclass(frozen=True)
class Functional:
    """What the functions that it takes must look like, and a sentence for the reference; of a law, the names of the
    arguments."""

    forms: tuple[str, ...]
    sentence: str
    names: tuple[str, ...] = ()


def _functionals() -> dict[str, Functional]:
    """The functions by their signatures."""
    found: dict[str, Functional] = {}
    for method, how in _METHODS.items():
        sentence = f"The states at some times by an ordinary differential equation, solved by {how}"
        solution = Functional((_ODE,), sentence)
        found[f"array[] vector ode_{method}(function, {_START}, ...)"] = solution
        controlled = replace(solution, sentence=f"`ode_{method}` with two tolerances and the largest number of steps")
        found[f"array[] vector ode_{method}_tol(function, {_START}, {_TOLERANCES}, ...)"] = controlled
    adjoint = "The states at some times by an ordinary differential equation, with tolerances of the adjoint method"
    found[f"array[] vector ode_adjoint_tol_ctl(function, {_START}, {_ADJOINT}, ...)"] = Functional((_ODE,), adjoint)
    for method in ("rk45", "adams", "bdf"):
        name = f"array[,] real integrate_ode_{method}(function, {_OLD_START}, array[] real, {_OLD_DATA}"
        old = Functional((_OLD_ODE,), f"An older form of `ode_{method}`")
        found[f"{name})"] = found[f"{name}, {_OLD_TOLERANCES})"] = old
    implicit = "The states at some times by a differential algebraic equation, whose residuals are to be 0"
    dae = Functional(("vector f(real, vector, vector, ...)",), implicit)
    found[f"array[] vector dae(function, {_DAE_START}, ...)"] = dae
    controlled = replace(dae, sentence="`dae` with two tolerances and the largest number of steps")
    found[f"array[] vector dae_tol(function, {_DAE_START}, {_TOLERANCES}, ...)"] = controlled
    for method, how in _SOLVERS.items():
        name = f"solve_{method}"
        root = Functional(("vector f(vector, ...)",), f"The solution of f(x) = 0 near a guess, by {how}")
        found[f"vector {name}(function, vector, ...)"] = root
        controlled = replace(root, sentence=f"`{name}` with two tolerances and the largest number of steps")
        found[f"vector {name}_tol(function, vector, {_TOLERANCES}, ...)"] = controlled
    return found | _others() | _laplace()


def _others() -> dict[str, Functional]:
    """Systems in their older form, integrals, and calls that may run side by side."""
    found: dict[str, Functional] = {}
    for name, new in (("algebra_solver", "solve_powell"), ("algebra_solver_newton", "solve_newton")):
        old = Functional((_OLD_SYSTEM,), f"An older form of `{new}`")
        found[f"vector {name}(function, vector, vector, {_OLD_DATA})"] = old
        found[f"vector {name}(function, vector, vector, {_OLD_DATA}, {_OLD_TOLERANCES})"] = old
    for tolerance in ("", ", data real"):
        integral = Functional((_INTEGRAND,), "The integral of a function from one number to another")
        found[f"real integrate_1d(function, real, real, array[] real, {_OLD_DATA}{tolerance})"] = integral
    for name in ("reduce_sum", "reduce_sum_static"):
        total = Functional(("real f(array[] A, int, int, ...)",), "The sum of a function over slices of an array")
        found[f"real {name}(function, array[] A, int, ...)"] = total
    mapped = Functional((_OLD_SYSTEM,), "The results of a function for each of many parameters and data, joined")
    found["vector map_rect(function, vector, array[] vector, data array[,] real, data array[,] int)"] = mapped
    return found


def _laplace() -> dict[str, Functional]:
    """Laplace's approximation of models with latent normal variables (Functions Reference, "Embedded Laplace
    Approximation"); `_tol` takes a guess of the mode and how it is sought."""
    found: dict[str, Functional] = {}
    prior, names = "data int, function, tuple", ("size", "g", "arguments")
    for tol, options in (("", ""), ("_tol", f", {LAPLACE_OPTIONS}")):
        asks = ", with options of the search for the mode" if tol else ""
        integral = f"The log probability of data with the latent normal variables integrated out{_APPROXIMATELY}{asks}"
        drawn = f"A draw of the latent normal variables given the data{_APPROXIMATELY}{asks}"
        forms = (_LIKELIHOOD, _COVARIANCE)
        found[f"real laplace_marginal{tol}(function, tuple, {prior}{options})"] = Functional(forms, integral)
        found[f"vector laplace_latent{tol}_rng(function, tuple, {prior}{options})"] = Functional(forms, drawn)
        named = (*names, "options") if tol else names
        for law, (kinds, what) in LATENT_LAWS.items():
            for more in kinds:
                given = f"data array[] int, {more}vector, {prior}{options}"
                every = ("y", "groups", *(["eta"] if more else []), "m", *named)
                one = f"real laplace_marginal{tol}_{law}_lpmf(array[] int | {given})"
                found[one] = Functional((_COVARIANCE,), f"`laplace_marginal{tol}` for {what}", every)
                one = f"vector laplace_latent{tol}_{law}_rng(array[] int, {given})"
                found[one] = Functional((_COVARIANCE,), f"`laplace_latent{tol}_rng` for {what}", every)
    return found


FUNCTIONALS: dict[str, Functional] = _functionals()


@cache
def _forms() -> dict[Signature, tuple[Signature, ...]]:
    return {Signature.parse(text): tuple(map(Signature.parse, each.forms)) for text, each in FUNCTIONALS.items()}


def takes_function(signature: Signature) -> bool:
    return any(pattern.word == "function" for pattern in signature.arguments)


def resolve_functions(context: Context, call: Call, resolved: ResolvedCall) -> tuple[FunctionDefinition, ...]:
    """The user's functions that a call of a functional passes on, or none; reports where there is no right one."""
    signature = resolved.signature
    if signature is None or not takes_function(signature):
        return ()
    places = [k for k, pattern in enumerate(signature.arguments) if pattern.word == "function"]
    outcome = len(resolved.arguments) - len(call.arguments)  # what is on the left of `~`
    found = []
    for place, form in zip(places, _forms()[signature], strict=True):
        name = call.arguments[place - outcome]
        definition = _resolve_function(context, call, name, place, form, resolved) if isinstance(name, Name) else None
        if definition is None:
            return ()
        found.append(definition)
    return tuple(found)


def _resolve_function(
    context: Context, call: Call, name: Name, place: int, form: Signature, resolved: ResolvedCall
) -> FunctionDefinition | None:
    """The function of this name that has the form which is needed at a place."""
    definitions = functions_named(context, name.name)
    if not definitions:
        return None
    assert resolved.signature is not None
    patterns = resolved.signature.arguments
    bound = {
        pattern.word: _element(type, pattern.dimensions)
        for pattern, type in zip(patterns, resolved.arguments, strict=False)
    }
    wanted = [_type(pattern, bound) for pattern in form.arguments]
    if form.variadic:
        after = resolved.arguments[place + 1] if len(patterns) > place + 1 else None
        wanted += after.elements if isinstance(after, TupleType) else resolved.arguments[len(patterns) :]
    result = _type(form.result, bound)
    if any(map(contains_error, wanted)):
        return None
    fitting = [each for each in definitions if each.return_type == result and cost_of(each, wanted) is not None]
    if fitting:
        return _cheapest(context, name, fitting, wanted)
    shape = f"{result} {name.name}({', '.join(map(str, wanted))})"
    found = " and ".join(each.heading for each in definitions)
    context.error(f"`{call.name}` needs a function `{shape}`", name.span, f"this is {found}")
    return None


def functions_named(context: Context, name: str) -> Sequence[FunctionDefinition]:
    """Users' functions of a name; `f_lupdf` is `f_lpdf`."""
    base, suffix = split_suffix(name)
    normalized = {Suffix.LUPDF: Suffix.LPDF, Suffix.LUPMF: Suffix.LPMF}.get(suffix) if suffix else None
    return context.functions.get(base + normalized.value if normalized else name, ())


def function_type(context: Context, name: str) -> FunctionType | None:
    """The type of a user's function where its name is an argument."""
    found = functions_named(context, name)
    return FunctionType(found[0].return_type, tuple(p.type for p in found[0].parameters)) if found else None


def _element(type: Type, dimensions: int) -> Type:
    for _ in range(dimensions):
        type = type.element if isinstance(type, ArrayType) else type
    return type


def _type(pattern: Pattern, bound: dict[str, Type]) -> Type:
    return array_of(BASIC_TYPES.get(pattern.word) or bound[pattern.word], pattern.dimensions)


def _cheapest(
    context: Context, name: Name, fitting: Sequence[FunctionDefinition], types: Sequence[Type]
) -> FunctionDefinition:
    """The definition that takes the fewest promotions; reports if there are several."""
    costs = [cost_of(each, types) or 0 for each in fitting]
    best = [each for each, cost in zip(fitting, costs, strict=True) if cost == min(costs)]
    if len(best) > 1:
        meanings = "\n        or ".join(each.heading for each in best)
        context.error(f"several functions `{name.name}` fit equally well", name.span, f"it may be {meanings}")
    return best[0]


def cost_of(definition: FunctionDefinition, types: Sequence[Type]) -> int | None:
    """How many promotions a call with such arguments takes; None if it is not possible."""
    if len(definition.parameters) != len(types):
        return None
    costs = [promotion_cost(type, parameter.type) for type, parameter in zip(types, definition.parameters, strict=True)]
    return None if None in costs else sum(cost for cost in costs if cost is not None)
