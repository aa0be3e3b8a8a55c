"""The known datasets: where to download them, how to verify them, and their licences.

Plain values only, so that the interface can list them without importing anything large.
"""

from typing import Literal

from msgspec import Struct

BASE = "https://files.grouplens.org/datasets/movielens"

_RESEARCH = "Research use with acknowledgement of GroupLens; no commercial use without their permission"
_NOT_PASSED_ON = f"{_RESEARCH}; not to be redistributed without their permission."
_SEE_README = f"{_RESEARCH}; the README in the archive has the terms."
_PASSED_ON = f"{_RESEARCH}; may be redistributed under the same conditions."


class Known(Struct, frozen=True, kw_only=True):
    """A dataset known by name.

    `md5` is the published checksum of the archive; empty where the archive changes, so that the checksum is downloaded
    from `<file>.md5`. `format` names the layout of the files inside: `u.data`, `dat` or `csv`.
    """

    name: str
    title: str
    file: str
    md5: str
    licence: str
    format: Literal["u.data", "dat", "csv"]
    ratings: int
    bytes: int
    bundled: bool = False

    @property
    def address(self) -> str:
        """The URL of the archive at GroupLens."""
        return f"{BASE}/{self.file}"


KNOWN: dict[str, Known] = {
    dataset.name: dataset
    for dataset in (
        Known(
            name="sample",
            title="MovieLens latest small, bundled",
            file="ml-latest-small.zip",
            md5="",
            licence=_PASSED_ON,
            format="csv",
            ratings=100_836,
            bytes=977_782,
            bundled=True,
        ),
        Known(
            name="ml-100k",
            title="MovieLens 100K",
            file="ml-100k.zip",
            md5="0e33842e24a9c977be4e0107933c0723",
            licence=_NOT_PASSED_ON,
            format="u.data",
            ratings=100_000,
            bytes=4_924_029,
        ),
        Known(
            name="ml-1m",
            title="MovieLens 1M",
            file="ml-1m.zip",
            md5="c4d9eecfca2ab87c1945afe126590906",
            licence=_NOT_PASSED_ON,
            format="dat",
            ratings=1_000_209,
            bytes=5_917_549,
        ),
        Known(
            name="ml-10m",
            title="MovieLens 10M",
            file="ml-10m.zip",
            md5="ce571fd55effeba0271552578f2648bd",
            licence=_SEE_README,
            format="dat",
            ratings=10_000_054,
            bytes=65_566_137,
        ),
        Known(
            name="ml-20m",
            title="MovieLens 20M",
            file="ml-20m.zip",
            md5="cd245b17a1ae2cc31bb14903e1204af3",
            licence=_SEE_README,
            format="csv",
            ratings=20_000_263,
            bytes=198_702_078,
        ),
        Known(
            name="ml-25m",
            title="MovieLens 25M",
            file="ml-25m.zip",
            md5="6b51fb2759a8657d3bfcbfc42b592ada",
            licence=_SEE_README,
            format="csv",
            ratings=25_000_095,
            bytes=261_978_986,
        ),
        Known(
            name="ml-32m",
            title="MovieLens 32M",
            file="ml-32m.zip",
            md5="d472be332d4daa821edc399621853b57",
            licence=_SEE_README,
            format="csv",
            ratings=32_000_204,
            bytes=238_950_008,
        ),
        Known(
            name="ml-latest-small",
            title="MovieLens latest small",
            file="ml-latest-small.zip",
            md5="",
            licence=_PASSED_ON,
            format="csv",
            ratings=100_836,
            bytes=978_202,
        ),
        Known(
            name="ml-latest",
            title="MovieLens latest",
            file="ml-latest.zip",
            md5="",
            licence=_PASSED_ON,
            format="csv",
            ratings=33_832_162,
            bytes=350_896_731,
        ),
    )
}
