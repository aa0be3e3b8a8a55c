"""Launch a run from a configuration by our own command, so that it is nobody's child."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bert4rec_tui.config import Config, save_config

if TYPE_CHECKING:
    from bert4rec_tui.tui.app import Bert4RecApp


async def launch_run(app: "Bert4RecApp", config: Config) -> dict[str, Any]:
    """Start a detached run and return what `train` printed: run, pid, warning; to be awaited in a worker.

    A warning, such as that this machine ends processes at logout, is shown as the command says it.

    Raises CommandError with the command's sentence, UserError where the configuration cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="bert4rec-tui-") as folder:
        file = Path(folder) / "config.toml"
        save_config(config, file)
        return await app.run_command("train", "--config", str(file), "--detach")
