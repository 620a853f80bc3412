"""`python -m ppl_cli` is `ppl`."""
from ppl_cli.cli.main import main

main()
