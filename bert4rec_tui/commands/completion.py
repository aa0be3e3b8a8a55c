"""Shell completion; each function imports what it looks up when it is called."""


def complete_runs(incomplete: str) -> list[str]:
    """The ids of runs."""
    from bert4rec_tui.runs.store import LocalRuns
    from bert4rec_tui.settings import runs_folder

    return [run.id for run in LocalRuns(runs_folder()).runs() if run.id.startswith(incomplete)] + ["latest"]


def complete_datasets(incomplete: str) -> list[str]:
    """The ids of prepared datasets."""
    from bert4rec_tui.settings import datasets_folder

    found = sorted(file.parent.name for file in datasets_folder().glob("*/manifest.json"))
    return [name for name in found if name.startswith(incomplete)]


def complete_known(incomplete: str) -> list[str]:
    """The names of known datasets."""
    from bert4rec_tui.data.catalog import KNOWN

    return [name for name in KNOWN if name.startswith(incomplete)]


def complete_presets(incomplete: str) -> list[str]:
    """The names of presets."""
    from bert4rec_tui.config.presets import PRESETS

    return [name for name in PRESETS if name.startswith(incomplete)]
