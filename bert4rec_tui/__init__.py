"""From raw ratings to a trained BERT4Rec and to the next movie, in a terminal."""

import os

__version__ = "0.1.0"

# Read by OpenMP once, when torch is imported, so it is set before anything else: how often a thread that waits looks
# again before it sleeps. By default it looks 300,000 times, and where another program wants the same core meanwhile,
# each of a step's thousand products waits for that: two small trainings at once slow tenfold (docs/results/speed.md).
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
