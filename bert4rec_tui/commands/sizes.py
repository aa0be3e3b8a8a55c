"""Sizes of memory as people write them."""

import re

from bert4rec_tui.errors import UserError

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SIZE = re.compile(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE | re.ASCII)


def parse_bytes(text: str, option: str, least: int) -> int:
    """The bytes of a size such as 2GB or 512MiB. Raises UserError for anything else, and for less than `least`."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise UserError(f'{option} "{text}": is not a size; use one such as 2GB or 512MB')
    number, unit, binary = found.groups()
    factor = _UNITS[unit.lower()]
    size = int(float(number) * (2 ** (10 * list(_UNITS).index(unit.lower())) if binary else factor))
    if size < least:
        raise UserError(f"{option} {text}: is too little; give at least {least // 10**6} MB")
    return size
