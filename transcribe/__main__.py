"""`python -m transcribe`."""

from transcribe.cli import main

if __name__ == "__main__":
    main()
