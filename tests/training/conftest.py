"""What the tests of training share."""

from pathlib import Path

import msgspec
import pytest
from histories import walks
from working import SMALL

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.runs.store import LocalRuns, Run


@pytest.fixture
def new_run(make_dataset, home: Path):
    dataset = make_dataset(walks(200, 20, 14))

    def create(*assignments: str) -> Run:
        config = msgspec.structs.replace(Config(), dataset=dataset.manifest.settings)
        return LocalRuns(home / "runs").create(with_assignments(config, [*SMALL, *assignments]), dataset.id)

    return create
