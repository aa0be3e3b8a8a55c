"""Plays `bert4rec-tui test RUN --json`: progress on stderr, then the result; writes what a real test leaves in the run.

usage: python fake_test_command.py test RUN --checkpoint C --protocol P… --json; FAKE_TEST is `slow` or `fail` or empty.
With --groups, and as `compare`, it is the real command.
"""

import json
import os
import sys
import time
from pathlib import Path

from worlds import make_test

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.runs.store import Run

if "--groups" in sys.argv or sys.argv[1] == "compare":  # the real one, which needs neither torch nor a network
    from bert4rec_tui.cli.app import main

    main()
    sys.exit()
mode, home = os.environ.get("FAKE_TEST", ""), Path(os.environ["BERT4REC_TUI_HOME"])
run, checkpoint = Run(home / "runs" / sys.argv[2]), sys.argv[4]
protocols = [word for before, word in zip(sys.argv, sys.argv[1:], strict=False) if before == "--protocol"]
if mode == "slow":
    print(json.dumps({"message": "quad trains on cuda: the test runs on the CPU"}), file=sys.stderr, flush=True)
for done in (0, 20, 40):
    line = {"progress": {"stage": "Testing", "done": done, "total": 40, "unit": "users"}}
    print(json.dumps(line), file=sys.stderr, flush=True)
if mode == "slow":
    time.sleep(60)
if mode == "fail":
    print(json.dumps({"error": "the scores of 3 of 40 targets are not finite"}), file=sys.stderr, flush=True)
    sys.exit(1)
for protocol in protocols:
    make_test(run, PreparedDataset(home / "datasets" / "tiny"), protocol, checkpoint=checkpoint)
print(json.dumps({"run": run.id, "checkpoint": checkpoint}))
