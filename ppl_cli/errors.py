"""Errors that a user can cause and that have no place in the model file; each knows the exit status it leads to."""

from __future__ import annotations


class PplError(Exception):
    """What went wrong, in words for the user: shown without a traceback."""

    exit_status = 2

    def __init__(self, message: str, exit_status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if exit_status is not None:
            self.exit_status = exit_status


class DataError(PplError):
    """The data are missing, malformed or do not fit the model."""


class OptionError(PplError):
    """An option or argument is wrong, or does not fit the model."""


class RunError(PplError):
    """The run failed: a file cannot be read or written, no start point, a rejected draw."""

    exit_status = 1
