"""Graph → compiled function: schedule into loops, print, build, cache. The only room that knows a backend."""

from ppl_cli.compiler.function import Backend, CompiledFunction, Workspace, compile_function, default_backend
from ppl_cli.compiler.print_text import dump

__all__ = ["Backend", "CompiledFunction", "Workspace", "compile_function", "default_backend", "dump"]
