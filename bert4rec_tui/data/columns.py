"""The roles of the columns of a table (user, item, timestamp, …): given, or guessed by name or by value."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bert4rec_tui.data.column_values import Values, determines, is_epoch, number_in, values_of
from bert4rec_tui.data.dates import is_date, is_missing, is_written_day
from bert4rec_tui.errors import UserError

ROLES = ("user", "item", "timestamp", "rating", "title", "genres")

# Names found in published datasets and in shops, lower-cased, without spaces and punctuation, the most common first.
# What follows a bar is taken only where no other column has the role: a session where there is no user.
_NAMES: dict[str, str] = {
    "user": "user userid uid username customer customerid custid client clientid buyer buyerid shopper shopperid "
    "reviewer reviewerid member memberid visitor visitorid account accountid subscriber subscriberid profileid player "
    "playerid personid usersha1 | session sessionid usersession",
    "item": "item itemid iid sid movie movieid film filmid product productid asin parentasin sku skuid productsku "
    "itemsku stockcode productcode itemcode productno articleno articlenumber variantid gtin ean upc isbn book bookid "
    "track trackid tracksid song songid traid game gameid appid article articleid contentid showid video videoid "
    "newsid anime animeid recipe recipeid venue venueid poi poiid placeid business businessid restaurantid "
    "listing listingid aid | artist artistid artistsid artmbid album albumid albumsid",
    "timestamp": "timestamp time ts date datetime unixtime unixtimestamp epoch unixreviewtime reviewtime ratedat "
    "createdat createdon createdtime createddate orderedat orderedon ordertime orderdate orderdatetime purchasedat "
    "purchasetime purchasedate boughtat soldat saledate paidat invoicedate transactiondate transactiontime "
    "transactiondt watchedat viewedat playedat listenedat clickedat visitedat checkintime eventtime eventdate eventts "
    "eventtimestamp timestampms timems tdat utctime utctimestamp interactiontime occurredat dateadded addedat "
    "reviewdate reviewedat | updatedat updated modifiedat",
    "rating": "rating ratings score stars overall bookrating userrating reviewscore",
    "title": "title movietitle itemtitle producttitle booktitle filmtitle songtitle tracktitle videotitle articletitle "
    "productname prodname itemname moviename filmname bookname songname trackname gamename animename recipename "
    "venuename businessname | artname artistname",
    "genres": "genres genre category categories maincategory maincat categoryname categorycode productcategory "
    "itemcategory venuecategory | categoryid",
}
_RANKS = {
    role: {name: rank for rank, name in enumerate(names.replace("|", "").split())} for role, names in _NAMES.items()
}
_SECOND = {role: frozenset(names.partition("|")[2].split()) for role, names in _NAMES.items()}
_NO_HEADER = "the file has no header, so the columns are only a guess"
_FEW = 5  # rows, below which the values say nothing about who is the user


@dataclass(frozen=True)
class Guess:
    """A mapping of roles to columns, whether it is certain, and if not, why."""

    mapping: dict[str, str]
    certain: bool
    doubt: str = ""


def guess_columns(names: list[str] | None, rows: list[list[str]]) -> Guess:
    """Guess the roles of columns from their names or, without a header, from the first rows."""
    return _guess_by_name(names, rows) if names is not None else _guess_by_content(rows)


def time_columns(names: list[str], rows: list[list[str]], used: Collection[str] = ()) -> list[str]:
    """The columns, besides those in use, whose first values are all times, whatever they are called.

    Missing values, up to half of all, are no matter: an order that was never shipped has no such time.
    """
    found: list[str] = []
    for index, name in enumerate(names):
        values = values_of(rows, index)
        cells = [cell for cell in values.cells if not is_missing(cell)]
        if name not in used and 2 * len(cells) >= max(values.rows, 1) and _are_times(cells):
            found.append(name)
    return found


def _are_times(cells: Sequence[str]) -> bool:
    return all(map(is_time, cells)) or (len(set(cells)) > 1 and all(map(is_written_day, cells)))


def is_time(cell: str) -> bool:
    """Whether a cell is a date, or a number of seconds or finer units between September 2001 and January 2034."""
    number = number_in(cell)
    return is_date(cell) if number is None else is_epoch(number)


def is_known_name(name: str) -> bool:
    """Whether a cell is a known column name rather than a value."""
    return any(_plain(name) in ranks for ranks in _RANKS.values())


def _plain(name: str) -> str:
    """`User_ID` and RecBole's `user_id:token` are both `userid`."""
    return re.sub(r"[^a-z0-9]", "", name.lower().partition(":")[0])


def _guess_by_name(names: list[str], rows: list[list[str]]) -> Guess:
    mapping: dict[str, str] = {}
    doubts: list[str] = []
    for role in ROLES:
        found = [name for name in names if _plain(name) in _RANKS[role]]
        found = [name for name in found if _plain(name) not in _SECOND[role]] or found
        if len(found) > 1:
            doubts.append(f"{role} may be {' or '.join(found)}")
        if found:
            mapping[role] = min(found, key=lambda name: _RANKS[role][_plain(name)])  # the most common name
    named = mapping.get("timestamp")
    if named is None or not _may_be_times(rows, names.index(named)):
        # Without it the order of the file would decide which interaction is a user's last.
        times = time_columns(names, rows, mapping.values())
        if times and named is not None:
            doubts.append(f"timestamp may be {' or '.join(times)}, whose values are times, those of {named} are not")
        elif times:
            doubts.append(f"timestamp may be {' or '.join(times)}, whose values are times")
        if times:
            mapping["timestamp"] = times[0]
    missing = [role for role in ("user", "item") if role not in mapping]
    if missing:
        doubts.insert(0, f"no {' or '.join(missing)} column found among {', '.join(names)}")
    return Guess(mapping, not doubts, "; ".join(doubts))


def _may_be_times(rows: list[list[str]], index: int) -> bool:
    """Whether some values of a column that is called a time are dates, or whole numbers of whatever unit."""
    cells = [cell for cell in values_of(rows, index).cells if not is_missing(cell)]
    return not cells or any(is_time(cell) or cell.lstrip("+-").isdecimal() for cell in cells)


def _guess_by_content(rows: list[list[str]]) -> Guess:
    """Without a header, by the values: a time is a date and changes, a rating has few values, ids repeat."""
    count = len(rows[0]) if rows else 0
    if count < 2:
        return Guess({}, False, "the file has fewer than two columns")
    rows = [row for row in rows if len(row) == count]
    columns = [values_of(rows, index) for index in range(count)]
    doubts = [_NO_HEADER]
    ids = list(columns)
    mapping: dict[str, Values] = {}

    times = sorted(
        (column for column in columns if column.date_rank), key=lambda column: (-column.date_rank, -column.distinct)
    )
    if times and len(ids) > 2:
        mapping["timestamp"] = times[0]
        same = [str(column.index) for column in times if column.date_rank == times[0].date_rank]
        if len(same) > 1:
            doubts.append(f"timestamp may be {' or '.join(same)}")
        ids = _without(ids, [column for column in times if column.date_rank == times[0].date_rank])
    ids = _without(ids, [column for column in ids if column.coordinates or column.constant])
    ids, named = _without_dependent(ids, rows)
    scores = [column for column in ids if column.scores]
    for column in reversed(scores):  # a rating usually is behind the ids
        if len(ids) > 2 and column in ids:
            ids.remove(column)
            mapping.setdefault("rating", column)
    ids = _without(ids, [column for column in ids if column.events or column.fractional])
    ids = _without(ids, [column for column in ids if column.unique])
    user, item, other = _user_and_item(ids)
    if other:
        doubts.append(f"it may also be user={item.index},item={user.index}")
    roles = {"user": user, "item": item} | mapping | named
    found = {role: str(roles[role].index) for role in ROLES if role in roles}
    return Guess(found, False, "; ".join(doubts))


def _without(columns: list[Values], others: list[Values]) -> list[Values]:
    """The columns without others, the last ones first, as long as two are left."""
    kept = list(columns)
    for column in reversed(others):
        if len(kept) > 2 and column in kept:
            kept.remove(column)
    return kept


def _without_dependent(columns: list[Values], rows: list[list[str]]) -> tuple[list[Values], dict[str, Values]]:
    """The columns without those that another one determines: the title and the category of an item."""
    cells = {column.index: [row[column.index] for row in rows] for column in columns}
    kept, named = list(columns), dict[str, Values]()
    for column in reversed([column for column in columns if not column.scores]):
        leaders = [
            other
            for other in kept
            if not (other is column or other.fractional)
            and determines(cells[other.index], cells[column.index])
            and (column.distinct < other.distinct or (column.words and not other.words))
        ]
        if leaders and len(kept) > 2:
            kept.remove(column)
            if column.words:
                same = column.distinct == max(leader.distinct for leader in leaders)
                named.setdefault("title" if same else "genres", column)
    return kept, named


def _user_and_item(columns: list[Values]) -> tuple[Values, Values, bool]:
    """The columns of user and item, and whether it may be the other way round.

    Files are sorted by user or by time, and the user comes first, unless the rows of another column stand together.
    """
    first, second = columns[:2]
    together = [column for column in columns if column.clustered]
    if together and not first.clustered:
        return together[0], next(column for column in columns if column is not together[0]), True
    return first, second, first.rows >= _FEW and (not first.clustered or second.clustered)


def resolve(mapping: dict[str, str], names: list[str] | None, count: int, file: str) -> dict[str, int]:
    """The index of each role's column, which is given by name or by number from 0.

    Raises UserError that lists the existing columns.
    """
    for role in mapping:
        if role not in ROLES:
            raise UserError(f'columns: "{role}" is not a role; choose from {", ".join(ROLES)}')
    for role in ("user", "item"):
        if not mapping.get(role):
            raise UserError(f"{file}: no {role} column chosen; use --columns user=…,item=…")
    found: dict[str, int] = {}
    for role, column in mapping.items():
        if names is not None and column in names:
            index = names.index(column)
        elif column.isascii() and column.isdigit() and len(column) < 10:
            index = int(column)
        else:
            choice = ", ".join(names) if names is not None else f"0 to {count - 1}, as there is no header"
            raise UserError(f'{file}: has no column "{column}" for {role}; choose from {choice}')
        if index >= count:
            raise UserError(f"{file}: has no column {column} for {role}; its {count} columns are 0 to {count - 1}")
        if index in found.values():
            other = next(r for r, i in found.items() if i == index)
            raise UserError(f'{file}: column "{column}" cannot be both {other} and {role}')
        found[role] = index
    return found
