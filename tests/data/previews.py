"""Previews of files, for tests."""

from pathlib import Path

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.preview import Preview
from bert4rec_tui.data.preview import preview as preview_of


def preview(path: Path, separator: str = "", columns: dict[str, str] | None = None, **said) -> Preview:
    """The preview of a file with these settings."""
    return preview_of(DatasetConfig(name="x", source=str(path), separator=separator, columns=columns or {}, **said))
