"""Files: data in, draws out."""
