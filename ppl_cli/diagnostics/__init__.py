"""What draws tell: summaries and checks of convergence."""
