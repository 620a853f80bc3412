"""Graph → compiled function: schedule into loops, print, build, cache. The only room that knows a backend."""
from ppl_cli.compiler.dump import dump
from ppl_cli.compiler.function import Backend, CompiledFunction, Workspace, compile_function, default_backend

__all__ = ["Backend", "CompiledFunction", "Workspace", "compile_function", "default_backend", "dump"]
