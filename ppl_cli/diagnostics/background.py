"""Summaries in a process of their own, which imports what they need while the model is still compiled and sampled."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ppl_cli.diagnostics.summary import Summary

Arrays = Mapping[str, "np.ndarray"]


class Summarizer:
    """Start it early: the import of arviz-stats takes longer than most of what a run does besides. It ends with the
    run."""

    def __init__(self) -> None:
        self.connection, theirs = Pipe()
        self.process = Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def summarize(self, posterior: Arrays, statistics: Arrays) -> Summary:
        """What `ppl_cli.diagnostics.summary.summarize` returns; computed here if that process has died."""
        try:
            self.connection.send((posterior, statistics))
            found: Summary = self.connection.recv()
        except (EOFError, OSError):
            from ppl_cli.diagnostics.summary import summarize

            return summarize(posterior, statistics)
        return found


def _serve(connection: Connection) -> None:
    """Answer one question. Ctrl-C is for the run, which keeps its draws and still wants them summarized."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import arviz_stats.base  # noqa: F401

    from ppl_cli.diagnostics.summary import summarize

    connection.send(summarize(*connection.recv()))
