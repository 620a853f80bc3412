"""Source → address of the compiled function, through the cache on disk."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from ppl_cli.compiler.cache import cache_directory, key, write
from ppl_cli.errors import RunError

# Only loops marked `omp simd` are vectorized: elsewhere the C compiler may choose gather instructions, which are slow.
WIDE = ("-mprefer-vector-width=512",) if platform.machine() in ("x86_64", "AMD64") else ()
FLAGS = (
    *WIDE, "-O2", "-march=native", "-fno-tree-vectorize", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd",
    "-shared", "-fPIC", "-w", "-x", "c", "-",
)  # fmt: skip

# How far the C library has functions of vectors (c_runtime.PRELUDE), best first; each with what must be linked.
_GLIBC = ("-Wl,-z,defs", "-lmvec", "-lm")
VECTOR_MATH = (("2", _GLIBC), ("1", _GLIBC), ("0", ("-lm",))) if sys.platform == "linux" else (("0", ("-lm",)),)


@cache
def compiler() -> str | None:
    """The C compiler: $CC, cc, gcc or clang; None if there is none."""
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        found = shutil.which(name) if name else None
        if found:
            return found
    return None


class Build(Protocol):
    """A compilation under way, or done."""

    @property
    def address(self) -> int:
        """The address of the function; waits until it is built."""
        ...


class CBuild:
    """A compilation by the C compiler, in a process of its own."""

    def __init__(self, source: str) -> None:
        self.source = source
        executable = compiler() or ""
        name = key(source, executable, str(os.stat(executable).st_mtime_ns), *FLAGS)
        self.target = cache_directory() / f"{name}.so"
        self.known_level = cache_directory() / f"{key(executable)}.vector_math"
        self.process: subprocess.Popen[bytes] | None = None
        if not self.target.exists():
            self.level = int(self.known_level.read_text()) if self.known_level.exists() else 0
            self._start()

    def _start(self) -> None:
        handle, self.temporary = tempfile.mkstemp(suffix=".so", dir=self.target.parent)
        os.close(handle)
        vector_math, libraries = VECTOR_MATH[self.level]
        command = [str(compiler()), f"-DVECTOR_MATH={vector_math}", *FLAGS, "-o", self.temporary, *libraries]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert self.process.stdin is not None
        self.process.stdin.write(self.source.encode())
        self.process.stdin.close()
        self.process.stdin = None

    def _finish(self) -> None:
        """Wait for the compiler; where it fails for want of vector functions, try again with fewer of them."""
        while self.process is not None:
            _, messages = self.process.communicate()
            failed, self.process = self.process.returncode != 0, None
            if not failed:
                os.replace(self.temporary, self.target)
                return
            os.unlink(self.temporary)
            self.level += 1
            if self.level == len(VECTOR_MATH) or not (b"mvec" in messages or b"_ZGV" in messages):
                raise RunError(f"the C compiler failed:\n{messages.decode(errors='replace')[:2000]}")
            write(self.known_level, str(self.level))
            self._start()

    @cached_property
    def address(self) -> int:
        self._finish()
        self.library = ctypes.CDLL(str(self.target))
        return ctypes.cast(self.library.kernel, ctypes.c_void_p).value or 0


NUMBA_FRAMES = 50_000  # it follows the branches of a kernel one inside the other
RUNTIME = ("numba_runtime.py", "numba_matrices.py")  # what the kernels of Numba call


class NumbaBuild:
    """A compilation by Numba, which keeps its result beside the module that the source is written to."""

    def __init__(self, source: str) -> None:
        parts = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in RUNTIME)
        self.path = cache_directory() / f"kernel_{key(source, *parts, version('numba'), sys.version)}.py"
        if not self.path.exists():
            write(self.path, source)

    @cached_property
    def _function(self) -> Any:
        specification = importlib.util.spec_from_file_location(self.path.stem, self.path)
        assert specification is not None and specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[self.path.stem] = module  # where Numba looks for it when it loads a cached result
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(before, NUMBA_FRAMES))
        try:
            specification.loader.exec_module(module)
        finally:
            sys.setrecursionlimit(before)
        return module.kernel

    @cached_property
    def address(self) -> int:
        return int(self._function.address)
