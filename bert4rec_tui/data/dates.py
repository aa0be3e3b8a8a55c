"""Dates as they are written in files. Needs no numpy, so that the app may ask before it is imported."""

from datetime import UTC, datetime


def parse_time(text: str) -> int | None:
    """Microseconds since 1970 of an ISO 8601 date, UTC unless it says otherwise; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
