"""The graph: interned, immutable nodes that know nothing of probability or of any backend."""
