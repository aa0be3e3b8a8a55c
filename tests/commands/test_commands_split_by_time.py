"""A split by time on the command line: prepared, trained on, tested, asked for what comes next."""

import json

import pytest
from terminal import tiny
from visits import DAY, visits, write_visits

from bert4rec_tui.data.dataset import PreparedDataset


@pytest.fixture
def source(terminal) -> str:
    return str(write_visits(terminal.home / "raw" / "visits.csv", visits()))


def test_from_prepare_to_the_next_items(terminal, here, source):
    made = here("prepare", "visits", "--source", source, "--split", "time", "--json").json()
    assert (made["dataset"], made["split"]) == ("visits+time", "time")
    dataset = PreparedDataset(terminal.home / "datasets" / made["dataset"])
    counts = dataset.manifest.counts
    run = terminal.run("train", "--dataset", "visits", "--preset", "fast", *tiny(), "--json").json()["run"]
    tested = here("test", run, "--protocol", "full", "--json").json()
    assert (tested["users"], tested["newcomers"]) == (counts.test_users, counts.test_newcomers)
    assert "1 user without interactions before the test item, excluded" in here("test", run).out
    # Asked for what comes next, the model is given all that there is, the test item and what came after it too.
    user = int(dataset.evaluated_users("test")[0])
    answer = here("recommend", run, "--user", str(dataset.user_ids[user]), "-k", "3", "--json").json()
    assert [row["item"] for row in answer["history"]] == [
        int(dataset.item_ids[item - 1]) for item in dataset.history_of(user)
    ]
    assert len(answer["recommendations"]) == 3


def test_people_read_where_the_cuts_are_and_how_many_begin_only_then(terminal, here, source):
    words = ["prepare", "visits", "--source", source, "--split", "time"]
    out = here(*words, "--validation-share", "0.2", "--test-share", "0.05").out
    dataset = PreparedDataset(terminal.home / "datasets" / "visits+time+valshare0.2+testshare0.05")
    counts, days = dataset.manifest.counts, dataset.cut_days
    assert (
        f"time: {counts.train_interactions:,} training interactions, {counts.validation_users} validation users" in out
    )
    assert f"training before {days[0]}, validation before {days[1]}, test from then on; " in out
    assert (
        f"{counts.validation_newcomers + counts.test_newcomers} users without earlier interactions are not evaluated"
        in out
    )
    assert "without earlier interactions" not in here("prepare", "visits", "--source", source).out


def test_times_that_only_number_the_items_are_prepared_with_a_warning(here, tmp_path):
    rows = [(user, item, DAY * item) for user in range(12) for item in range(1, 4 + user)]
    source = str(write_visits(tmp_path / "numbered.csv", rows))
    answer = here("prepare", "numbered", "--source", source, "--split", "time", "--json")
    messages = [json.loads(line).get("message", "") for line in answer.err.splitlines()]
    assert any("timestamps only number each user's interactions" in message for message in messages)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--test-share", "1"], "test_share = 1.0: expected a number above 0, below 1"),
        (
            ["--validation-share", "0.5", "--test-share", "0.5"],
            "dataset.validation_share = 0.5 leaves nothing to train on with dataset.test_share = 0.5; "
            "together they must stay below 1",
        ),
        (
            ["--columns", "user=user,item=item"],
            "dataset.split = time needs a timestamp column, and there is none; "
            "choose the column, or leave-one-out or holdout",
        ),
    ],
)
def test_what_cannot_be_split_so_is_refused(terminal, source, words, sentence):
    answer = terminal.run("prepare", "visits", "--source", source, "--split", "time", *words, code=2)
    assert answer.err.splitlines()[-1] == f"bert4rec-tui: {sentence}"
    assert not list((terminal.home / "datasets").glob("visits*"))
