"""What of a machine a process may use."""

from bert4rec_tui.runs.machine import usable_cores


def test_a_container_s_share_of_the_time_bounds_the_threads(tmp_path):
    free = usable_cores(tmp_path / "absent")
    quota = tmp_path / "cpu.max"
    for text, expected in (("max 100000", free), ("100000 100000", 1), ("50000 100000", 1), ("6400000 100000", free)):
        quota.write_text(f"{text}\n")
        assert usable_cores(quota) == expected
