"""A group of commands that imports a command's module when it is used, and shows a user's mistakes as such.

`ppl --help` imports no command: each is listed with the description that stands in the table.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any

import click

from ppl_cli.errors import PplError

_LOCATED = re.compile(r"\S[^\n]*:\d+:\d+: ")


class Failure(click.ClickException):
    """A command that ends with a message on standard error and an exit status."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_code = exit_status  # type: ignore[misc]

    def show(self, file: IO[Any] | None = None) -> None:
        prefix = "" if _LOCATED.match(self.message) else "error: "
        click.echo(prefix + self.message, file=file, err=True)


class LazyGroup(click.Group):
    """`modules`: the name of each command → (the module that holds it under that name, its description)."""

    def __init__(self, *args: Any, modules: Mapping[str, tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.modules:
            return None
        command = getattr(import_module(self.modules[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, description) for name, (_, description) in self.modules.items()])

    def invoke(self, ctx: click.Context) -> Any:
        with failures_shown():
            return super().invoke(ctx)


@contextmanager
def failures_shown() -> Iterator[None]:
    """A mistake of the user ends in its message; one of ours says so, with a traceback if PPL_DEBUG is 1."""
    try:
        yield
    except PplError as failure:
        raise Failure(failure.message, failure.exit_status) from None
    except NotImplementedError as failure:
        raise Failure(f"not supported yet: {failure}", 2) from None
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except Exception as failure:
        if os.environ.get("PPL_DEBUG") == "1":
            raise
        what = f"{type(failure).__name__}: {failure}".rstrip(": ")
        raise Failure(f"internal error: {what} (PPL_DEBUG=1 shows where)", 1) from failure
