"""The progress of a sampling run on standard error: one line that is written over, on a terminal only."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ppl_cli.inference.chains import Progress

WIDTH = 30
INTERVAL = 0.1  # seconds between two pictures


class ProgressLine:
    """Call it with each `Progress`; leave it to erase the line."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.shown = 0.0
        self.active = sys.stderr.isatty()

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self.active and self.shown:
            click.echo("\r\033[K", nl=False, err=True)

    def __call__(self, progress: Progress) -> None:
        now = time.perf_counter()
        if self.active and now - self.shown >= INTERVAL:
            self.shown = now
            click.echo("\r\033[K" + describe(progress, now - self.started), nl=False, err=True)


def describe(progress: Progress, seconds: float) -> str:
    """The line for what the chains have done in `seconds`."""
    done = float(progress.iterations.sum()) / (max(progress.total, 1) * len(progress.iterations))
    bar = "━" * round(WIDTH * done)
    parts = [f"{bar:{WIDTH}} {done:4.0%}", f"{len(progress.iterations)} chains", f"{seconds:.1f} s"]
    if 0 < done < 1:
        parts.append(f"{seconds * (1 - done) / done:.0f} s left")
    parts.append(f"{progress.leapfrogs / max(seconds, 1e-9):,.0f} leapfrogs/s")
    if progress.divergences:
        parts.append(f"{progress.divergences} divergent")
    return "  ".join(parts)
