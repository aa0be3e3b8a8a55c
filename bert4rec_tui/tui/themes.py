"""Keep the colours that were chosen, in settings.toml, and leave everything else in it as it is."""

import re

from bert4rec_tui.files import make_folder, replace_file
from bert4rec_tui.settings import settings_file


def remember_theme(name: str) -> None:
    """Write the theme's name into settings.toml. Raises UserError where that cannot be written."""
    file = settings_file()
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    line = f'theme = "{name}"'
    first_table = re.search(r"^\[", text, flags=re.MULTILINE)
    end = first_table.start() if first_table else len(text)
    head, tail = text[:end], text[end:]
    if re.search(r"^theme\s*=", head, flags=re.MULTILINE):
        head = re.sub(r"^theme\s*=.*$", line, head, count=1, flags=re.MULTILINE)
    else:
        head = f"{line}\n{head}"
    make_folder(file.parent)
    replace_file(file, (head + tail).encode())
