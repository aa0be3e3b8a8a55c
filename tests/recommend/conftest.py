"""The small worlds of the screens' tests serve here too: a prepared dataset that nothing had to be trained for."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tui"))
