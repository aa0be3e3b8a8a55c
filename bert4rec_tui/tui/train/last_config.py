"""The configuration that was launched last, offered again."""

from bert4rec_tui.config import Config, load_config, save_config
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder
from bert4rec_tui.settings import home


def remember_config(config: Config) -> None:
    """Store the configuration of a launch."""
    save_config(config, make_folder(home()) / "last-config.toml")


def last_config() -> Config | None:
    """The configuration that was launched last; None before the first, or where it cannot be read."""
    file = home() / "last-config.toml"
    try:
        return load_config(file) if file.exists() else None
    except UserError:  # written by another version; nothing depends on it
        return None
