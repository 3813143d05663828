"""`python -m worker` is the `bugferry` command."""

from worker.cli.main import main

if __name__ == "__main__":
    main()
