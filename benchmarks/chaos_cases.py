"""The list of all cases, and what has to be imported before the first fork."""

import gc
import importlib
import pkgutil
from collections.abc import Callable

import chaos_clocks
import chaos_disk
import chaos_files
import chaos_inputs
import chaos_keys
import chaos_kills
import chaos_locks
import chaos_signals
from chaos_world import World

# name: what tries it with a seed, how many seeds in short, how many in `make check-long`
CASES: dict[str, tuple[Callable[[World, int], str], int, int]] = {
    "kill-train": (chaos_kills.train, 1, 20),
    "kill-prepare": (chaos_kills.prepare, 1, 20),
    "kill-test": (chaos_kills.test, 1, 20),
    "kill-export": (chaos_kills.export, 1, 20),
    "kill-demo": (chaos_kills.demo, 0, 10),
    "disk": (chaos_disk.full, 1, 20),
    "locks": (chaos_locks.faulty, 0, 4),
    "files": (chaos_files.corrupted, 8, 400),
    "inputs-prepare": (chaos_inputs.source, 8, 300),
    "inputs-set": (chaos_inputs.assignment, 6, 300),
    "inputs-toml": (chaos_inputs.toml, 5, 300),
    "inputs-titles": (chaos_inputs.titles, 3, 150),
    "inputs-settings": (chaos_inputs.settings, 3, 100),
    "inputs-server": (chaos_inputs.server, 1, 40),
    "keys": (chaos_keys.typed, 2, 100),
    "signals": (chaos_signals.at_a_moment, 2, 60),
    "clocks-reader": (chaos_clocks.reader, 1, 12),
    "clocks-files": (chaos_clocks.files, 1, 40),
}


def import_everything() -> None:
    """Import every module of the program, so that a fork has nothing left to import."""
    import bert4rec_tui

    for module in pkgutil.walk_packages(bert4rec_tui.__path__, "bert4rec_tui."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    from bert4rec_tui.tui.app import import_screens

    import_screens()
    gc.collect()
    gc.freeze()  # what a fork never collects it need not copy
