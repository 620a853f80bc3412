"""Text → checked program: `parse` makes a syntax tree of a model file, `check` finds the types and the mistakes."""

from __future__ import annotations

from ppl_cli.language.checker import check
from ppl_cli.language.parser import parse

__all__ = ["check", "parse"]
