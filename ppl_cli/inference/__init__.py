"""Compiled functions of a flat vector → draws: NUTS in threads, and functions of those draws."""
