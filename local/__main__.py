"""Command line: `python -m local [PORT] [STATE_FOLDER]` serves until Ctrl-C."""

import os
import sys
from pathlib import Path

from local.terminal import main

if __name__ == "__main__":
    arguments = dict(enumerate(sys.argv[1:]))
    port = int(arguments.get(0) or os.environ.get("PORT") or 8080)
    sys.exit(main(port, Path(arguments.get(1, ".postcard"))))
