"""From raw ratings to a trained BERT4Rec and to the next movie, in a terminal."""

__version__ = "0.1.0"
