"""Rule sets by purpose, and passes that apply them: graph in, equal graph out."""
