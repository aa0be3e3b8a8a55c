"""How our own modules are started as processes."""

import sys

# -P: Python would take a file where the user stands, a `random.py` say, for the library's module.
OUR_PYTHON = (sys.executable, "-P")
