"""`python -m transcribe.offline_proof.launch METHOD COMMAND…`: becomes the command, without a network.

A program of its own, because the network can be taken only from a process of one thread, and by the time that the
command line is read, libraries may have started more.
"""

import os
import sys

from transcribe.offline_proof.cutting import cut

REFUSED = 71
"""Exit code (EX_OSERR of sysexits.h) where the system does not allow the method."""


def main() -> None:
    """Cuts the network off and starts the command in this process's place; on refusal prints the error's words."""
    method, *command = sys.argv[1:]
    try:
        cut(method)
    except OSError as error:
        print(error.strerror or "refused", file=sys.stderr)
        sys.exit(REFUSED)
    os.execv(command[0], command)  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
