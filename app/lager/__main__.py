"""``python -m lager``."""

import sys

from lager.cli import main

if __name__ == "__main__":
    sys.exit(main())
