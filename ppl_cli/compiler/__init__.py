"""Graph → compiled function: schedule into loops, print, build, cache. The only room that knows a backend."""
from ppl_cli.compiler.function import CompiledFunction, Workspace, compile_function, default_backend

__all__ = ["CompiledFunction", "Workspace", "compile_function", "default_backend"]
