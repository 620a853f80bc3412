"""C source → address of the compiled function, through a cache on disk keyed by all that decides the result."""
from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

from ppl_cli.errors import RunError

FLAGS = ("-O2", "-march=native", "-ftree-vectorize", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd",
         "-ffp-contract=off", "-shared", "-fPIC", "-w", "-x", "c", "-")  # fmt: skip
LIBRARIES = (("-lmvec", "-lm"), ("-lm",))


@cache
def compiler() -> str | None:
    """The C compiler: $CC, cc, gcc or clang; None if there is none."""
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        found = shutil.which(name) if name else None
        if found:
            return found
    return None


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
    """What `-march=native` depends on."""
    try:
        text = Path("/proc/cpuinfo").read_text()
        lines = {line for line in text.splitlines() if line.startswith(("flags", "model name", "Features"))}
    except OSError:
        lines = set()
    return "|".join([platform.machine(), platform.processor(), *sorted(lines)])


def cache_key(source: str) -> str:
    executable = compiler() or ""
    stamp = os.stat(executable).st_mtime_ns if executable else 0
    parts = [source, executable, str(stamp), *FLAGS, machine()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


class Build:
    """A compilation that runs in a process of its own until its result is asked for."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.target = cache_directory() / f"{cache_key(source)}.so"
        self.process: subprocess.Popen[bytes] | None = None
        self.attempt = 0
        if not self.target.exists():
            self._start()

    def _start(self) -> None:
        handle, self.temporary = tempfile.mkstemp(suffix=".so", dir=self.target.parent)
        os.close(handle)
        command = [str(compiler()), *FLAGS, "-o", self.temporary, *LIBRARIES[self.attempt]]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert self.process.stdin is not None
        self.process.stdin.write(self.source.encode())
        self.process.stdin.close()
        self.process.stdin = None

    def path(self) -> Path:
        """The shared library, once it is built."""
        while self.process is not None:
            _, messages = self.process.communicate()
            failed, self.process = self.process.returncode != 0, None
            if not failed:
                os.replace(self.temporary, self.target)
                break
            os.unlink(self.temporary)
            self.attempt += 1
            if self.attempt == len(LIBRARIES):
                raise RunError(f"the C compiler failed:\n{messages.decode(errors='replace')[:2000]}")
            self._start()
        return self.target

    def address(self) -> int:
        """The address of the function `kernel`. The library stays loaded for the life of the process."""
        library = ctypes.CDLL(str(self.path()))
        _loaded.append(library)
        return ctypes.cast(library.kernel, ctypes.c_void_p).value or 0


_loaded: list[ctypes.CDLL] = []
