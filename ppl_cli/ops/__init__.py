"""The operations. Importing this package gives variables their arithmetic operators."""
from ppl_cli.ops import operators as _operators  # noqa: F401
