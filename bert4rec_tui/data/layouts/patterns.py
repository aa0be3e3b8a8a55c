"""Patterns of single cells by which files without a header are recognised."""

ASIN = r"B[0-9A-Z]{9}|\d{9}[\dX]"
REVIEWER = r"A[0-9A-Z]{9,20}"  # most have 13 or 14 characters
SCORE = r"[0-5](\.\d)?"
EPOCH = r"\d{9,10}"
INTEGER = r"\d{1,19}"
NUMBER = r"-?\d+(\.\d+)?([eE][-+]?\d+)?"
ANY = r"(?s:.*)"
WORD = r"\S+"
ISO_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
DEGREES = r"-?\d{1,3}(\.\d+)?([eE]-?\d+)?"
GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TWITTER_TIME = r"[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d [-+]\d{4} \d{4}"
