"""What the shell offers for a word that is half typed; whatever must be looked up is imported when it is asked."""


def complete_runs(incomplete: str) -> list[str]:
    """The ids of runs, for the shell."""
    from bert4rec_tui.runs.store import LocalRuns
    from bert4rec_tui.settings import runs_folder

    return [run.id for run in LocalRuns(runs_folder()).runs() if run.id.startswith(incomplete)] + ["latest"]


def complete_datasets(incomplete: str) -> list[str]:
    """The ids of prepared datasets, for the shell."""
    from bert4rec_tui.settings import datasets_folder

    found = sorted(file.parent.name for file in datasets_folder().glob("*/manifest.json"))
    return [name for name in found if name.startswith(incomplete)]


def complete_known(incomplete: str) -> list[str]:
    """The names of known datasets, for the shell."""
    from bert4rec_tui.data.catalog import KNOWN

    return [name for name in KNOWN if name.startswith(incomplete)]


def complete_presets(incomplete: str) -> list[str]:
    """The names of presets, for the shell."""
    from bert4rec_tui.config.presets import PRESETS

    return [name for name in PRESETS if name.startswith(incomplete)]
