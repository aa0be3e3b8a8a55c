"""The user's own command that is run when a run ends or turns to NaN, since the interface is often closed then."""

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.status import Status
from bert4rec_tui.settings import load_settings

SECONDS = 30.0


@dataclass(frozen=True)
class Notification:
    """What has become of a run: `finished`, `failed` or `nan`, and a sentence on it."""

    folder: Path
    state: str
    sentence: str

    def words(self) -> dict[str, str]:
        """What a template may hold in braces."""
        return {
            "run": self.folder.name,
            "state": self.state,
            "sentence": self.sentence,
            "folder": str(self.folder),
        }


def run_notify_command(notification: Notification, note: Callable[[str], None]) -> None:
    """Run the command of settings.toml, if there is one, to its end; `note` takes a sentence where it fails."""
    try:
        template = load_settings().notify_command
        if template:
            run_command(arguments(template, notification), notification)
    except (UserError, OSError) as error:
        note(f"notify_command: {error}")


def arguments(template: str, notification: Notification) -> list[str]:
    """The command's arguments: split as a shell would, then filled in, so that no word can become several.

    Raises UserError for a quotation that does not end.
    """
    try:
        parts = shlex.split(template)
    except ValueError as error:
        raise UserError(f"{template}: {str(error).lower()}") from None
    words = notification.words()
    names = re.compile("{(" + "|".join(words) + ")}")
    return [names.sub(lambda found: words[found[1]], part) for part in parts]


def run_command(command: list[str], notification: Notification, seconds: float = SECONDS) -> None:
    """Run a command without a shell and without a terminal. Raises UserError where it fails or takes too long."""
    if not command:
        return
    environment = {f"BERT4REC_{name.upper()}": value for name, value in notification.words().items()}
    try:
        ended = subprocess.run(
            command,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{command[0]} took longer than {seconds:g} s and was stopped") from None
    except OSError as error:
        raise UserError(f"{command[0]} cannot be run ({error.strerror or error})") from None
    if ended.returncode:
        output = ended.stderr.decode("utf-8", errors="replace").strip().splitlines()
        more = f": {output[-1][:200]}" if output else ""
        raise UserError(f"{command[0]} ended with code {ended.returncode}{more}")


def ending_sentence(status: Status) -> str:
    """How a run ended, in a sentence."""
    if status.state == "failed":
        return status.message
    epochs = f"{status.epoch} epoch" + ("" if status.epoch == 1 else "s")
    if status.best is None:
        return f"finished after {epochs}"
    protocol, _, name = status.best.metric.partition(":")
    return f"finished after {epochs}; best {name} {protocol} {status.best.value:.4f} in epoch {status.best.epoch}"
