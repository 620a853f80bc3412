"""Which function a call means: a user's or a library one, by its name, its suffix and the types of its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ppl_cli.language.checked import ResolvedCall
from ppl_cli.language.context import Context
from ppl_cli.language.functionals import cost_of, resolve_functions
from ppl_cli.language.old_spellings import OLD_ENDINGS
from ppl_cli.language.scopes import Block
from ppl_cli.language.signatures import Signature, best_match, legend_of
from ppl_cli.language.source import Span
from ppl_cli.language.spelling import FUNCTIONS_ELSEWHERE, LAWS_ELSEWHERE, did_you_mean
from ppl_cli.language.stan_names import STAN_FUNCTIONS
from ppl_cli.language.syntax import Call, Expression, FunctionDefinition, Name, Suffix, Truncation, split_suffix
from ppl_cli.language.types import ERROR, INT, REAL, FunctionType, Type, contains_error, scalar_of

_NORMALIZED = {Suffix.LUPDF: Suffix.LPDF, Suffix.LUPMF: Suffix.LPMF}
_DENSITIES = (Suffix.LPDF, Suffix.LPMF)
_CUMULATIVE_ENDINGS = ("_lcdf", "_lccdf", "_cdf_log", "_ccdf_log")
_CUMULATIVE = (Suffix.CDF, Suffix.LCDF, Suffix.LCCDF)
_SIGNATURES_SHOWN = 6
_ALTERNATIVE = "\n        or "


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Functions of one name that a call may mean."""

    name: str
    definitions: tuple[FunctionDefinition, ...]
    signatures: tuple[Signature, ...]

    def __bool__(self) -> bool:
        return bool(self.definitions or self.signatures)

    def described(self) -> list[str]:
        return [definition.heading for definition in self.definitions] + [str(each) for each in self.signatures]


def check_call(context: Context, call: Call, arguments: tuple[Type, ...]) -> Type:
    """The type of a call whose arguments have been checked; VOID for a function that returns nothing."""
    if context.random_value is not None and (drawn := context.random_value(call, arguments)) is not None:
        return drawn
    if context.scopes.find(call.name) is not None and not _candidates(context, call.name):
        hint = f"an index is written `{call.name}[…]`"
        context.error(f"`{call.name}` is a variable, not a function", call.name_span, hint)
        return ERROR
    groups = [_candidates(context, _library_name(call.base, call.suffix, call.name))]
    if not groups[0]:
        groups = _old_name(context, call)
    if not groups:
        _report_unknown(context, call)
        return ERROR
    _check_place(context, call.name, call.suffix, call.name_span)
    _check_bar(context, call, split_suffix(groups[0].name)[1], old=groups[0].name != call.name)
    return _resolve(context, call, groups, arguments)


def check_distribution(context: Context, call: Call, arguments: tuple[Type, ...]) -> bool:
    """A distribution on the right of `~`; `arguments` begin with the type of the left. False if it is unknown."""
    suffixes = reversed(_DENSITIES) if scalar_of(arguments[0]) == "int" else _DENSITIES
    names = [call.name + suffix.value for suffix in suffixes]
    groups = [found for name in names if (found := _candidates(context, name))]
    if not groups and call.name + "_log" in context.functions:
        groups = [_candidates(context, call.name + "_log")]
        hint = f"define `{call.name}_lpdf` or `{call.name}_lpmf`"
        context.warn_once("_log", f"`{call.name}_log` is an old name", call.name_span, hint)
    if groups:
        _resolve(context, call, groups, arguments)
    return bool(groups)


def report_no_distribution(context: Context, expression: Expression) -> None:
    """What stands on the right of `~` has no distribution in it."""
    if isinstance(expression, Call):
        _report_unknown_distribution(context, expression)
        return
    name = expression.name if isinstance(expression, Name) else ""
    hint = f"write `{name}(…)`" if is_distribution(context, name) else None
    context.error("a distribution stands on the right of `~`", expression.span, hint)


def _report_unknown_distribution(context: Context, call: Call) -> None:
    if any(call.name + suffix.value in STAN_FUNCTIONS for suffix in _DENSITIES):
        context.not_supported(f"the distribution `{call.name}` is", call.name_span)
    elif call.suffix in _DENSITIES or call.suffix in _NORMALIZED:
        context.error(
            f"`{call.name}` is not a distribution", call.name_span,
            f"write `{call.base}`: the density is implied after `~`",
        )  # fmt: skip
    elif call.suffix is None and _candidates(context, call.name):
        near = did_you_mean(call.name, distributions(context))
        context.error(f"`{call.name}` is a function, not a distribution", call.name_span, near)
    else:
        hint = LAWS_ELSEWHERE.get(call.name) or did_you_mean(call.name, distributions(context))
        context.error(f"unknown distribution `{call.name}`", call.name_span, hint)


def is_distribution(context: Context, name: str) -> bool:
    """Whether a name may stand on the right of `~`."""
    named = any(_candidates(context, name + suffix.value) for suffix in _DENSITIES)
    return named or name + "_log" in context.functions


def is_law(context: Context, expression: Expression) -> bool:
    """Whether an expression is the call of a distribution, which has no value."""
    if not isinstance(expression, Call) or _candidates(context, expression.name):
        return False
    return is_distribution(context, expression.name)


def check_truncation(context: Context, call: Call, truncation: Truncation, bounds: Sequence[Expression]) -> None:
    """Bounds of the distribution `call`, which has been resolved: a cumulative distribution function must take them."""
    groups = [_candidates(context, call.name + ending) for ending in _CUMULATIVE_ENDINGS]
    arguments = context.calls[call].arguments[1:]
    if not any(groups):
        message = f"`{call.name}` cannot be truncated: it has no cumulative distribution function"
        context.error(message, truncation.span)
        return
    for bound in bounds:
        found = context.types[bound]
        if _fitting(groups, (found, *arguments)):
            continue
        if found == REAL and _fitting(groups, (INT, *arguments)):
            context.error("a truncation bound must be an int; found a real", bound.span)
        else:
            known = ", ".join(map(str, arguments))
            message = f"`{call.name}` cannot be truncated: no cumulative distribution function takes ({known})"
            context.error(message, truncation.span)
            return


def distributions(context: Context) -> set[str]:
    """All names that may stand on the right of `~`."""
    names = [*context.library.names(), *context.functions]
    return {base for base, suffix in map(split_suffix, names) if suffix in _DENSITIES}


def _library_name(base: str, suffix: Suffix | None, name: str) -> str:
    """`normal_lupdf` is found as `normal_lpdf`."""
    return base + _NORMALIZED[suffix].value if suffix in _NORMALIZED else name


def _candidates(context: Context, name: str) -> _Candidates:
    own = tuple(context.functions.get(name, ()))
    return _Candidates(name, own, () if own and name not in STAN_FUNCTIONS else context.library.signatures(name))


def _old_name(context: Context, call: Call) -> list[_Candidates]:
    """`normal_log` is `normal_lpdf`, `normal_cdf_log` is `normal_lcdf` (manual: Removed Features)."""
    for ending, suffixes in OLD_ENDINGS.items():
        if not call.name.endswith(ending):
            continue
        base = call.name.removesuffix(ending)
        groups = [found for suffix in suffixes if (found := _candidates(context, base + suffix.value))]
        if groups:
            hint = f"write `{groups[0].name}(y | …)`"
            context.warn_once(ending, f"`{call.name}` is an old name", call.name_span, hint)
            return groups
    return []


def _resolve(context: Context, call: Call, groups: Sequence[_Candidates], arguments: tuple[Type, ...]) -> Type:
    """Choose the candidate that takes the fewest promotions; report if there is none."""
    fitting = _fitting(groups, arguments)
    if not fitting:
        _report_arguments(context, call, groups, arguments)
        return ERROR
    least = min(cost for cost, _ in fitting)
    best = [resolved for cost, resolved in fitting if cost == least]
    uncertain = any(map(contains_error, arguments))
    rivals = [each for each in best if each.definition is not None and each.suffix is best[0].suffix]
    if len(rivals) > 1 and not uncertain:
        meanings = [resolved.definition.heading for resolved in rivals if resolved.definition]
        message = f"`{call.name}` fits several functions equally well"
        context.error(message, call.span, "it may be " + _ALTERNATIVE.join(meanings))
    resolved = replace(best[0], functions=resolve_functions(context, call, best[0]))
    context.calls[call] = resolved
    if resolved.functions:
        _check_passed(context, call)
    if not _check_data_arguments(context, call, resolved) or (uncertain and resolved.definition is None):
        return ERROR
    return resolved.result


def _fitting(groups: Sequence[_Candidates], arguments: tuple[Type, ...]) -> list[tuple[int, ResolvedCall]]:
    """The functions that take such arguments, users' first, each with the promotions it takes."""
    found: list[tuple[int, ResolvedCall]] = []
    for group in groups:
        base, suffix = split_suffix(group.name)
        for definition in group.definitions:
            cost = cost_of(definition, arguments)
            if cost is not None:
                found.append((cost, ResolvedCall(base, suffix, definition.return_type, arguments, definition)))
        match = best_match(group.signatures, arguments)
        if match is not None:
            resolved = ResolvedCall(base, suffix, match.result, arguments, signature=match.signature)
            found.append((match.cost, resolved))
    return found


def _check_passed(context: Context, call: Call) -> None:
    """A function that is an argument may be called any number of times: it must neither draw nor add to the target."""
    for argument in call.arguments:
        if not isinstance(argument, Name) or not isinstance(context.types[argument], FunctionType):
            continue
        suffix = split_suffix(argument.name)[1]
        if suffix in (Suffix.RNG, Suffix.LP, Suffix.JACOBIAN):
            does = "draws at random" if suffix is Suffix.RNG else "adds to the target"
            context.error(f"`{call.name}` cannot take a function that {does}", argument.span)
        else:
            _check_place(context, argument.name, suffix, argument.span)


def _check_data_arguments(context: Context, call: Call, resolved: ResolvedCall) -> bool:
    """Whether arguments declared with `data` do not depend on parameters. On the right of `~` the outcome is left out.

    In generated quantities all values are known.
    """
    if context.place.block is Block.GENERATED_QUANTITIES:
        return True
    if resolved.definition is not None:
        data_only = [parameter.data_only for parameter in resolved.definition.parameters]
    elif resolved.signature is not None:
        data_only = [pattern.data_only for pattern in resolved.signature.arguments]
    found = True
    outcome = len(resolved.arguments) - len(call.arguments)
    for argument, must_be_data in zip(call.arguments, data_only[outcome:], strict=False):
        name = context.parameter_in(argument) if must_be_data else None
        if name is not None:
            hint = f"`{name.name}` depends on parameters"
            found = False
            context.error(f"this argument of `{call.name}` must be known from data", argument.span, hint)
    return found


def _report_arguments(context: Context, call: Call, groups: Iterable[_Candidates], arguments: tuple[Type, ...]) -> None:
    known = [text for group in groups for text in group.described()]
    shown = known[:_SIGNATURES_SHOWN] + (["…"] if len(known) > _SIGNATURES_SHOWN else [])
    found = [str(argument) for argument in arguments]
    separators = [" | " if len(found) > len(call.arguments) else ", ", *[", "] * len(found)]
    given = "".join(map(str.__add__, found, separators)).removesuffix(", ").removesuffix(" ")
    message = f"`{call.name}` cannot take ({given})" if found else f"`{call.name}` needs arguments"
    legend = "; ".join(legend_of(shown))
    hint = "it is " + _ALTERNATIVE.join(shown) + (f"\n        where {legend}" if legend else "")
    context.error(message, call.span, hint)


def _report_unknown(context: Context, call: Call) -> None:
    known = _library_name(call.base, call.suffix, call.name)
    if known in STAN_FUNCTIONS:
        context.not_supported(f"the function `{call.name}` is", call.name_span)
    elif is_distribution(context, call.name):
        suffix = next((each for each in _DENSITIES if _candidates(context, call.name + each.value)), Suffix.LPDF)
        if context.place.may_draw and not call.bar:
            suffix = Suffix.RNG
        message = f"`{call.name}` is a distribution: it stands on the right of `~`"
        context.error(message, call.name_span, f"did you mean `{call.name}{suffix.value}`?")
    else:
        names = [*context.library.names(), *context.functions]
        hint = FUNCTIONS_ELSEWHERE.get(call.name) or did_you_mean(call.name, names)
        context.error(f"unknown function `{call.name}`", call.name_span, hint)


def _check_bar(context: Context, call: Call, suffix: Suffix | None, old: bool) -> None:
    conditional = suffix is not None and suffix.conditional
    if call.bar and not conditional:
        context.error(f"`{call.name}` is not a density: write a comma instead of `|`", call.span)
    elif conditional and not call.bar and not old and len(call.arguments) > 1:
        if suffix in _CUMULATIVE:
            message = f"a comma after the first argument of `{call.name}` is an old spelling"
            context.warn_once("comma", message, call.name_span, f"write `{call.name}(y | …)`")
        else:
            message = f"the first argument of `{call.name}` must be followed by `|`"
            context.error(message, call.span, f"write `{call.name}(y | …)`")


def _check_place(context: Context, name: str, suffix: Suffix | None, span: Span) -> None:
    """Functions that draw, change the target or drop constants may be used only in some places."""
    place = context.place
    if suffix is Suffix.RNG and not place.may_draw:
        where = "transformed data, generated quantities and functions ending in `_rng`"
    elif suffix is Suffix.LP and not place.may_call_lp:
        where = "the model block, transformed parameters and functions ending in `_lp`"
    elif suffix is Suffix.JACOBIAN and not place.may_add_to_jacobian:
        where = "transformed parameters and functions ending in `_jacobian`"
    elif suffix in _NORMALIZED and not place.may_drop_constants:
        where = "the model block and functions ending in `_lpdf` or `_lpmf`"
    else:
        return
    context.error(f"`{name}` can be called only in {where}", span)
