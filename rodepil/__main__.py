"""`python -m rodepil` is the command `rodepil`."""

from rodepil.cli.main import main

if __name__ == "__main__":
    main()
