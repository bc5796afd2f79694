"""`python -m benchmarks`: see `run`."""

from benchmarks.run import main

main()
