"""What stands on the left of an assignment: a variable, a part of one, or a tuple of such."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from ppl_cli.language import syntax
from ppl_cli.language.context import Context
from ppl_cli.language.scopes import Block, Kind
from ppl_cli.language.syntax import Expression, Name
from ppl_cli.language.traversal import walk
from ppl_cli.language.types import ERROR, ArrayType

_ASSIGNABLE_BLOCKS = (Block.TRANSFORMED_DATA, Block.TRANSFORMED_PARAMETERS, Block.GENERATED_QUANTITIES, Block.MODEL)
_Steps = tuple[int | None, ...]  # the parts of tuples that are taken, None for indices


def check_target(context: Context, target: Expression) -> bool:
    """Whether something can be assigned to; if not, that is reported."""
    if not _check_place(context, target):
        return False
    parts = list(_parts(target))
    found = [_path(part) for part in parts]
    assigned = {name.name for name, _ in found}
    read = [name for part in parts for name in _names_in_indices(part) if name.name in assigned]
    if read:
        hint = "give the index to another variable first"
        context.error(f"`{read[0].name}` is read on the left of an assignment to it", read[0].span, hint)
        return False
    for (first, steps), (second, others) in combinations(found, 2):
        if first.name == second.name and all(step == other for step, other in zip(steps, others, strict=False)):
            context.error(f"`{second.name}` is given two values", second.span)
            return False
    return True


def _parts(target: Expression) -> Iterator[Expression]:
    """What takes a value each: a tuple on the left is taken apart."""
    if isinstance(target, syntax.TupleLiteral):
        for element in target.elements:
            yield from _parts(element)
    else:
        yield target


def _path(target: Expression) -> tuple[Name, _Steps]:
    """The variable, and the way to the part of it; several indices in a row are one step."""
    steps: list[int | None] = []
    while not isinstance(target, Name):
        assert isinstance(target, syntax.Index | syntax.TupleProjection)
        step = target.position if isinstance(target, syntax.TupleProjection) else None
        if step is not None or steps[-1:] != [None]:
            steps.append(step)
        target = target.base
    return target, tuple(reversed(steps))


def _names_in_indices(target: Expression) -> Iterator[Name]:
    while isinstance(target, syntax.Index | syntax.TupleProjection):
        for item in target.indices if isinstance(target, syntax.Index) else ():
            yield from (node for node in walk(item) if isinstance(node, Name))
        target = target.base


def _check_place(context: Context, target: Expression, under_part: bool = False) -> bool:
    match target:
        case syntax.Name():
            return _check_assignable_name(context, target)
        case syntax.Index(base=base):
            if isinstance(base, syntax.Index) and any(_is_multiple(context, item) for item in base.indices):
                context.error(
                    "an assignment cannot index the result of a multiple index", target.span,
                    "write all indices in one pair of brackets",
                )  # fmt: skip
                return False
            return _check_place(context, base, under_part=True)
        case syntax.TupleProjection(base=base):
            return _check_place(context, base, under_part=True)
        case syntax.TupleLiteral(elements=elements) if not under_part:
            return all([_check_place(context, element) for element in elements])
    context.error("only a variable, or a part of one, can be assigned to", target.span)
    return False


def _is_multiple(context: Context, item: syntax.IndexItem) -> bool:
    return not isinstance(item, syntax.Single) or isinstance(context.types.get(item.expression), ArrayType)


def _check_assignable_name(context: Context, name: syntax.Name) -> bool:
    symbol = context.scopes.find(name.name)
    if symbol is None:
        context.error(f"`{name.name}` is a function and cannot be assigned to", name.span)
        return False
    if symbol.type == ERROR:
        return True
    if symbol.kind in (Kind.ARGUMENT, Kind.LOOP):
        context.error(f"the {symbol.kind.value} `{name.name}` cannot be assigned to", name.span)
        return False
    here = context.place.block
    if symbol.kind is Kind.GLOBAL and (symbol.block is not here or here not in _ASSIGNABLE_BLOCKS):
        context.error(
            f"`{name.name}` belongs to the {symbol.block.value} block and cannot be assigned to in "
            f"{'a function' if here is Block.FUNCTIONS else f'the {here.value} block'}",
            name.span,
        )
        return False
    return True
