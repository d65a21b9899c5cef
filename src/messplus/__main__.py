"""`python -m messplus` is the `messplus` command."""

from messplus.cli import main

main()
