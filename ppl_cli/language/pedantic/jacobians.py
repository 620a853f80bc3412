"""Densities of nonlinear functions of parameters, which need the derivative of that function in the target as well."""

from __future__ import annotations

from collections.abc import Iterator

from ppl_cli.language import syntax as s
from ppl_cli.language.diagnostics import Diagnostic, warning
from ppl_cli.language.pedantic.constants import variable
from ppl_cli.language.pedantic.reading import SHAPE_FUNCTIONS, Reading

_CONSTANT, _LINEAR, _NONLINEAR = 0, 1, 2

# Linear in all their arguments together.
_LINEAR_FUNCTIONS = {
    "add", "append_array", "append_col", "append_row", "block", "col", "cumulative_sum", "diag_matrix", "diagonal",
    "head", "mean", "minus", "rep_array", "rep_matrix", "rep_row_vector", "rep_vector", "reverse", "row", "segment",
    "sub_col", "sub_row", "subtract", "sum", "tail", "to_array_1d", "to_array_2d", "to_matrix", "to_row_vector",
    "to_vector", "transpose",
}  # fmt: skip
# Linear in each argument where the others are constant.
_BILINEAR_FUNCTIONS = {"multiply", "elt_multiply", "dot_product", "diag_pre_multiply", "diag_post_multiply"}


def nonlinear_variates(reading: Reading) -> Iterator[Diagnostic]:
    for density in reading.densities:
        parameters = reading.parameters_in(density.variate)
        if not parameters or _is_parameter(reading, density.variate) or _is_adjusted(reading, parameters):
            continue
        if _Degrees(reading).of(density.variate) == _NONLINEAR:
            names = ", ".join(f"`{name}`" for name in sorted(parameters))
            message = f"this is not a linear function of {names}, and its Jacobian is not in the target"
            hint = "add it by `jacobian += …` in the transformed parameters, or declare what has the distribution"
            yield warning(message, density.variate.span, hint)


def _is_parameter(reading: Reading, variate: s.Expression) -> bool:
    name = variable(variate)
    return name is not None and name.name in reading.parameters


def _is_adjusted(reading: Reading, parameters: frozenset[str]) -> bool:
    """Whether some term that is not a density depends on the parameters: it may well be the Jacobian."""
    terms = (term for term in reading.terms if term.jacobian or not term.is_density)
    return any(not parameters.isdisjoint(reading.parameters_in(*term.expressions)) for term in terms)


class _Degrees:
    """The degree of expressions in the parameters: constant, linear (with an intercept) or nonlinear.

    A variable is followed to its definitions, except where data are mixed in: the Jacobian of such residuals may well
    be constant.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._known: dict[str, int] = {}

    def of(self, expression: s.Expression) -> int:
        match expression:
            case s.Name(name=name):
                return self._of_variable(name)
            case s.Unary(operand=operand) | s.Transpose(operand=operand):
                return self.of(operand)
            case s.Binary(operator=operator, left=left, right=right):
                return self._of_operation(operator, self.of(left), self.of(right))
            case s.Ternary(condition=condition, if_true=first, if_false=second):
                return _NONLINEAR if self.of(condition) else max(self.of(first), self.of(second))
            case s.Index(base=base, indices=indices):
                inside = [self.of(part) for item in indices for part in s.subexpressions(item)]
                return _NONLINEAR if any(inside) else self.of(base)
            case s.Call(name=name, arguments=arguments):
                return self._of_call(name, [self.of(argument) for argument in arguments])
        return max(map(self.of, s.subexpressions(expression)), default=_CONSTANT)

    def _of_variable(self, name: str) -> int:
        if name not in self._known:
            self._known[name] = _LINEAR  # what a recurrence starts from
            self._known[name] = self._of_definitions(name)
        return self._known[name]

    def _of_definitions(self, name: str) -> int:
        reached = self.reading.reach([name])
        if reached.isdisjoint(self.reading.parameters):
            return _CONSTANT
        if name in self.reading.parameters or not reached.isdisjoint(self.reading.real_data):
            return _LINEAR
        return max((self.of(value) for value, _ in self.reading.definitions.get(name, ())), default=_LINEAR)

    def _of_operation(self, operator: str, left: int, right: int) -> int:
        if operator in ("+", "-", ".+", ".-"):
            return max(left, right)
        if operator in ("*", ".*"):
            return _NONLINEAR if left and right else max(left, right)
        if operator in ("/", "./"):
            return _NONLINEAR if right else left
        if operator == "\\":
            return _NONLINEAR if left else right
        return _NONLINEAR if left or right else _CONSTANT

    def _of_call(self, name: str, degrees: list[int]) -> int:
        highest = max(degrees, default=_CONSTANT)
        if name in SHAPE_FUNCTIONS or not highest:
            return _CONSTANT
        if name in _LINEAR_FUNCTIONS or (name in _BILINEAR_FUNCTIONS and sum(map(bool, degrees)) == 1):
            return highest
        return _NONLINEAR
