"""Start PathView from a checkout: `python main.py [SLIDE]`."""

import sys

from pathview.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
