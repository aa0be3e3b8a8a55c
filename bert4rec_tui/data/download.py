"""Download an archive once: with progress, resumable, verified by its published MD5 checksum."""

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bert4rec_tui.data.catalog import BASE, Known
from bert4rec_tui.errors import OutOfReachError, UserError
from bert4rec_tui.files import explain_os_error, make_folder, replace_file
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress

if TYPE_CHECKING:
    import requests

ATTEMPTS = 4  # consecutive attempts without a new byte before giving up
BLOCK = 16 * 1024  # small, because the block in which a connection breaks is lost
CONNECT_SECONDS, SILENCE_SECONDS = 10, 30


def fetch(
    dataset: Known,
    raw: Path,
    report: ReportProgress = ignore_progress,
    mirror: str | None = None,
    pause: float = 0.5,
) -> Path:
    """The verified archive of a known dataset in the folder `raw`, downloaded unless it exists.

    `mirror` (or BERT4REC_TUI_MIRROR) replaces GroupLens' URL. `pause` is the wait before the second attempt. Raises
    UserError for a missing file, and OutOfReachError for no network, a full disk or a wrong checksum.
    """
    import pooch
    from filelock import FileLock

    base = (mirror or os.environ.get("BERT4REC_TUI_MIRROR") or BASE).rstrip("/")
    url = f"{base}/{dataset.file}"
    pooch.get_logger().setLevel("WARNING")
    make_folder(raw)
    md5 = dataset.md5
    try:
        with FileLock(raw / f".{dataset.file}.lock"):
            md5 = md5 or _published_checksum(f"{url}.md5", raw / dataset.file, pause)
            downloader = ResumingDownloader(raw / f"{dataset.file}.part", report, pause)
            try:
                return _verified(url, md5, raw, dataset.file, downloader)
            except ValueError:
                if not downloader.resumed:
                    raise
            # The part from an earlier attempt may be of an older file: start over once.
            return _verified(url, md5, raw, dataset.file, downloader)
    except ValueError:
        raise OutOfReachError(
            f"{url}: the download does not match the published MD5 checksum ({md5}); "
            "run the command again, or pass a local file with --source"
        ) from None
    except OSError as error:
        raise explain_os_error(error, raw / dataset.file) from error


def _verified(url: str, md5: str, raw: Path, file: str, downloader: "ResumingDownloader") -> Path:
    """Let pooch download and verify the file if needed. Raises ValueError for a wrong checksum."""
    import pooch

    retrieve: Any = pooch.retrieve
    return Path(retrieve(url, known_hash=f"md5:{md5}", fname=file, path=raw, downloader=downloader))


def _published_checksum(url: str, archive: Path, pause: float) -> str:
    """The MD5 published next to an archive that changes, or the one stored with an archive that is already here."""
    kept = archive.with_name(f"{archive.name}.md5")
    if archive.exists() and kept.exists():
        text = kept.read_text(encoding="utf-8", errors="replace")
    else:
        text = _small_text(url, pause)
    found = re.search(r"\b[0-9a-fA-F]{32}\b", text)
    if not found:
        raise UserError(f"{url}: contains no MD5 checksum; run the command again, or pass a local file with --source")
    if not archive.exists():
        replace_file(kept, text.encode())
    return found.group().lower()


def _small_text(url: str, pause: float) -> str:
    import requests

    for attempt in range(ATTEMPTS):
        try:
            with requests.get(url, timeout=(CONNECT_SECONDS, SILENCE_SECONDS), stream=True) as response:
                _check_status(response, url)
                start = next(response.iter_content(4096), b"")
                return start.decode("utf-8", errors="replace")
        except requests.RequestException as error:
            if attempt == ATTEMPTS - 1:
                raise _network_error(url, error) from None
            time.sleep(pause * 2**attempt)
    raise AssertionError("the last attempt returns or raises")


class ResumingDownloader:
    """A downloader for pooch that keeps partial downloads in a `.part` file and requests the rest."""

    def __init__(self, part: Path, report: ReportProgress, pause: float) -> None:
        self.part = part
        self.report = report
        self.pause = pause
        self.resumed = False

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        """Download `url` to `output_file`, over as many connections as needed."""
        import requests

        fruitless = 0
        have = self.part.stat().st_size if self.part.exists() else 0
        self.resumed = have > 0
        while True:
            try:
                self._receive(url)
                break
            except requests.RequestException as error:
                size = self.part.stat().st_size if self.part.exists() else 0
                fruitless = fruitless + 1 if size <= have else 0
                have = size
                if fruitless >= ATTEMPTS:
                    raise _network_error(url, error, kept=have) from None
                time.sleep(self.pause * 2 ** max(0, fruitless - 1))
        self.part.replace(output_file)

    def _receive(self, url: str) -> None:
        """One connection: append what it delivers to the part. Raises RequestException where it breaks."""
        import requests

        have = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        timeout = (CONNECT_SECONDS, SILENCE_SECONDS)
        with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
            if response.status_code == 416:  # nothing left to request: complete, or the part is of another file
                if _total(response) != have:
                    self.part.unlink()
                    raise requests.ConnectionError("the part is longer than the file")
                return
            _check_status(response, url)
            if response.status_code != 206 or _first_byte(response) != have:
                have = 0
            total = _total(response)
            meter = _Meter(self.report, have, total)
            with self.part.open("ab" if have else "wb") as file:
                for block in response.iter_content(BLOCK):
                    file.write(block)
                    have += len(block)
                    meter.show(have)
            if total is not None and have < total:
                raise requests.ConnectionError("the connection was interrupted")


class _Meter:
    """Reports bytes as progress with rate and remaining time."""

    def __init__(self, report: ReportProgress, start: int, total: int | None) -> None:
        self.report, self.start, self.total = report, start, total
        self.began = time.monotonic()

    def show(self, done: int) -> None:
        seconds = time.monotonic() - self.began
        rate = (done - self.start) / seconds if seconds > 0.2 else None
        left = (self.total - done) / rate if rate and self.total is not None else None
        self.report(
            Progress(stage="Downloading", done=done, total=self.total, unit="bytes", rate=rate, seconds_left=left)
        )


def _first_byte(response: "requests.Response") -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found.group(1)) if found else None


def _total(response: "requests.Response") -> int | None:
    """The size of the whole file, if the server states it."""
    ranged = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
    if ranged:
        return int(ranged.group(1))
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() and response.status_code == 200 else None


def _check_status(response: "requests.Response", url: str) -> None:
    """Raises UserError for a permanent error status, RequestException for a temporary one."""
    import requests

    code = response.status_code
    if code < 400:
        return
    if code >= 500 or code in (408, 429):
        raise requests.HTTPError(f"HTTP {code}")
    meaning = "not found" if code in (404, 410) else "cannot be downloaded"
    raise UserError(f"{url}: {meaning} (HTTP {code}); pass a local file with --source if you have one")


def _network_error(url: str, error: Exception, kept: int = 0) -> OutOfReachError:
    import requests

    later = "run the command again to resume" if kept else "try again, or pass a local file with --source"
    if isinstance(error, requests.HTTPError):
        return OutOfReachError(f"{url}: server error ({error}); {later}")
    if isinstance(error, requests.exceptions.SSLError):
        return OutOfReachError(
            f"{url}: the server's certificate cannot be verified; try later, or pass a local file with --source"
        )
    if kept:
        return OutOfReachError(f"{url}: the download was interrupted after {kept:,} bytes; {later}")
    return OutOfReachError(f"{url}: cannot be reached; check the network and {later}")
