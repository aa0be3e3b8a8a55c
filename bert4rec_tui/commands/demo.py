"""The command `demo`: installs the bundled finished run of the sample, so that it can be explored before training."""

import zipfile
from pathlib import PurePosixPath

from bert4rec_tui.commands.output import Output
from bert4rec_tui.config.presets import SAMPLE
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import new_folder
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import bundled_file, datasets_folder, raw_folder, runs_folder

ARCHIVE = "demo-run.zip"
GREETING = "x removes a movie, a adds one, y explains. Train your own: press 1, then s. ? lists all keys."


def run_demo(*, as_json: bool) -> str:
    """Prepare the sample and install the demo run, unless they exist already. Returns the run's id.

    Raises UserError where the bundled run cannot be used.
    """
    output = Output(as_json)
    dataset = prepare(SAMPLE, datasets_folder(), raw_folder(), output.progress)
    run = install_demo_run()
    trained_on = run.config().dataset.id
    if trained_on != dataset.id:
        raise UserError(f"{run.path}: was trained on {trained_on}, not on {dataset.id}; reinstall the program")
    if as_json:
        output.result({"run": run.id, "dataset": dataset.id, "path": str(run.path)}, "")
    return run.id


def install_demo_run() -> Run:
    """The bundled run, unpacked into the folder of runs unless it exists already."""
    archive = bundled_file(ARCHIVE)
    try:
        with zipfile.ZipFile(archive) as packed:
            names = [PurePosixPath(name) for name in packed.namelist()]
            runs = {name.parts[0] for name in names}
            if len(runs) != 1 or any(".." in name.parts or name.is_absolute() for name in names):
                raise UserError(f"{archive}: does not contain exactly one run; reinstall the program")
            run_id = runs.pop()
            folder = runs_folder() / run_id
            if not (folder / "status.json").exists():
                with new_folder(folder) as temporary:
                    for name in names:
                        file = temporary.joinpath(*name.parts[1:])
                        file.parent.mkdir(parents=True, exist_ok=True)
                        file.write_bytes(packed.read(str(name)))
    except zipfile.BadZipFile as error:
        raise UserError(f"{archive}: cannot be read ({error}); reinstall the program") from None
    return LocalRuns(runs_folder()).find(run_id)
