"""`benchmarks/chaos.py`: a few seeds of every case, and what it says of a fault that it is shown."""

import sys

import pytest
from scripts import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import chaos
from chaos_process import Ended, Fault, Skipped


def test_a_few_kills_corrupted_files_hostile_inputs_keys_and_signals_break_no_promise(benchmark):
    said = benchmark("chaos", "--few")
    assert all(values["tried"] or values["skipped"] for values in said.values.values())
    assert not any(values["faults"] for values in said.values.values())
    assert "kill-train" in said.table


@pytest.mark.long
def test_no_seed_of_the_long_check_breaks_a_promise(long_benchmark):
    said = long_benchmark("chaos")
    assert not any(values["faults"] for values in said.values.values())


class Small:
    """A world without anything in it."""

    def __init__(self, folder):
        self.folder = folder


def test_a_fault_is_counted_and_the_line_that_repeats_it_printed(tmp_path, capsys):
    def breaks_at_two(world, seed):
        if seed == 2:
            raise Fault("`runs` showed a traceback")
        return "fine"

    case = chaos.Case("invented", breaks_at_two, 1, 3)
    tally = chaos.attempt(case, Small(tmp_path), [1, 2, 3])
    assert (tally.tried, tally.faults) == (3, {2: "`runs` showed a traceback"})
    assert "python benchmarks/chaos.py --case invented --seed 2" in capsys.readouterr().err


def test_what_cannot_be_tried_here_is_skipped_with_the_reason(tmp_path, capsys):
    def needs_root(world, seed):
        raise Skipped("no file system may be mounted here")

    tally = chaos.attempt(chaos.Case("disk", needs_root, 1, 3), Small(tmp_path), [0, 1])
    assert (tally.tried, tally.skipped) == (0, "no file system may be mounted here")
    assert "disk: skipped, no file system may be mounted here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "out", "err", "why"),
    [
        (1, "", "Traceback (most recent call last):\n  File\nKeyError: 'a'\n", "showed a traceback"),
        (0, "Exception ignored in: <_io>", "", "showed a traceback"),
        (None, "", "", "hung"),
        (-11, "", "", "ended with -11"),
        (1, "", "", "without a word"),
        (0, "a \x1b[31mred title", "", "wrote '\\x1b'"),
        (2, "", "bert4rec-tui: \u202efdp.exe", "wrote '\\u202e'"),
    ],
)
def test_what_no_command_may_do_is_a_fault(code, out, err, why):
    with pytest.raises(Fault) as fault:
        Ended("runs", code, out, err, 1.0).checked()
    assert why in str(fault.value)


def test_a_sentence_and_an_exit_code_are_no_fault():
    assert Ended("runs", 2, "", "bert4rec-tui: no run is called x\n", 1.0).checked().code == 2
