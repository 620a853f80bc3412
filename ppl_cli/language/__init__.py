"""Text → checked program: `parse` makes a syntax tree of a model file, `check` finds the types and the mistakes."""
