"""`python -m local [PORT] [FOLDER]`: serve until Ctrl-C."""

import os
import sys
from pathlib import Path

from local.terminal import main

if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    port = int(given.get(0) or os.environ.get("PORT") or 8080)
    sys.exit(main(port, Path(given.get(1, ".postcard"))))
