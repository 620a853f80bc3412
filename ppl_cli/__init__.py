"""ppl compiles a model file to a posterior; `load` is the way in from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ppl_cli.api import load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import `load` when it is first asked for, so that `import ppl_cli` costs nothing."""
    if name == "load":
        from ppl_cli.api import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
