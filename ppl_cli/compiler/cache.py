"""Built kernels on disk, addressed by their content and by all that decides what is built from it."""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from functools import cache
from pathlib import Path

import platformdirs


@cache
def cache_directory() -> Path:
    """Where built kernels are kept; a private temporary directory if that cannot be written."""
    directory = Path(platformdirs.user_cache_dir("ppl")) / "kernels"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory
    except OSError:
        return Path(tempfile.mkdtemp(prefix="ppl-kernels-"))


@cache
def machine() -> str:
    """What code for the processor at hand depends on."""
    try:
        text = Path("/proc/cpuinfo").read_text()
        lines = {line for line in text.splitlines() if line.startswith(("flags", "model name", "Features"))}
    except OSError:
        lines = set()
    return "|".join([platform.machine(), platform.processor(), *sorted(lines)])


def key(*parts: str) -> str:
    """A name for what is built from `parts` on this machine."""
    return hashlib.sha256("\0".join([*parts, machine()]).encode()).hexdigest()[:32]


def write(path: Path, text: str) -> None:
    """Write a file so that other processes see all of it or nothing."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(temporary, path)
