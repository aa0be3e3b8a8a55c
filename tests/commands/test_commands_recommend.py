"""The command `recommend`: the next items of a user, or after a history of one's own."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from bert4rec_tui.commands.recommend import parse_item_ids
from bert4rec_tui.errors import UserError


def test_the_result_is_one_object_with_history_and_ranked_items(terminal):
    values = terminal.run("recommend", "mine", "--user", "1", "-k", "5", "--json").json()
    assert list(values) == ["user", "history", "recommendations"]
    assert values["user"] == "1"
    rows = values["recommendations"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
    assert all(list(row) == ["rank", "item", "title", "score"] for row in rows)
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert [row["title"] for row in rows] == [f"Film {row['item']}" for row in rows]
    history = values["history"]
    assert all(row["title"] == f"Film {row['item']}" for row in history)
    assert [row["date"] for row in history[:2]] == ["1970-01-01", "1970-01-02"]
    assert not {row["item"] for row in history} & {row["item"] for row in rows}


def test_a_history_of_ones_own_is_taken_in_the_order_it_is_said(here):
    values = here("recommend", "--items", "3, 4,5", "--json").json()
    assert values["user"] is None
    assert [row["item"] for row in values["history"]] == [3, 4, 5]
    other = here("recommend", "--items", "5,4,3", "--json").json()
    assert other["recommendations"] != values["recommendations"]
    assert {row["item"] for row in other["recommendations"]} <= set(range(1, 21)) - {3, 4, 5}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("3, 4,5", ["3", "4", "5"]),
        ('"salt, coarse",7', ["salt, coarse", "7"]),
        ('7, "salt, coarse" ', ["7", "salt, coarse"]),
        ('"say ""hi""",,2', ['say "hi"', "2"]),
        ('24" wheel', ['24" wheel']),
        ("", []),
        ("3,\n4", ["3", "4"]),
    ],
)
def test_ids_with_a_comma_are_enclosed(text, ids):
    assert parse_item_ids(text) == ids


def test_an_id_without_end_is_one_sentence():
    with pytest.raises(UserError, match='has an unclosed quote; add the missing "'):
        parse_item_ids('"' + "1," * 100_000)


def test_nothing_known_still_gets_recommendations(here):
    rows = here("recommend", "--items", "", "-k", "20", "--json").json()["recommendations"]
    assert sorted(row["item"] for row in rows) == list(range(1, 21))


def test_explained_each_names_the_items_that_speak_for_it(here):
    values = here("recommend", "--user", "2", "--explain", "-k", "3", "--json").json()
    history = {row["item"] for row in values["history"]}
    causes = [cause for row in values["recommendations"] for cause in row["because"]]
    assert causes
    assert all(list(cause) == ["item", "title", "share"] and cause["share"] > 0 for cause in causes)
    assert {cause["item"] for cause in causes} <= history
    out = here("recommend", "--user", "2", "--explain", "-k", "3").out
    assert out.count("because of Film ") == len(causes)


def test_people_read_titles(here):
    lines = here("recommend", "--user", "1", "-k", "2").out.splitlines()
    assert lines[0].startswith("User 1 · ")
    assert any(line.startswith("  1970-01-0") and " Film " in line for line in lines)
    assert any(line.startswith("Next items (causal, epoch ") for line in lines)
    assert lines[-1].split()[0] == "2"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--user", "999"], "toy+users3: has no user 999"),
        (["--user", "me"], "toy+users3: has no user me"),
        (["--items", "1,999"], "toy+users3: has no item 999"),
        (["--items", "1,Film 2"], "toy+users3: has no item Film 2"),
        ([], "recommend: needs exactly one of --user ID, --items ID,ID,…, --titles FILE and --own NAME"),
        (
            ["--user", "1", "--items", "2"],
            "recommend: needs exactly one of --user ID, --items ID,ID,…, --titles FILE and --own NAME",
        ),
        (["--user", "1", "--genre", "Comedy"], "toy+users3: has no categories, so it cannot be filtered by Comedy"),
        (
            ["--user", "1", "--from-year", "1999", "--to-year", "1990"],
            "years 1999-1990: empty range; put the earlier year first",
        ),
        (
            ["--own", "me"],
            "toy+users3: no history is saved as me; save one with s on the app's Explore screen",
        ),
        (["--user", "1", "-k", "21"], "-k 21: toy+users3 has 20 items; use 1 to 20"),
        (["--user", "1", "-k", "0"], "-k 0: toy+users3 has 20 items; use 1 to 20"),
        (["--user", "1", "--device", "gpu"], '--device "gpu": expected auto, cpu, cuda, cuda:1 or mps'),
    ],
)
def test_what_is_not_there_is_said_to_be_missing(here, words, sentence):
    assert here.refuses("recommend", "latest", *words) == sentence


def test_titles_of_a_file_become_the_history_and_guesses_are_told(here, tmp_path):
    file = tmp_path / "seen.csv"
    file.write_text("title,year\nFilm 3,\nfilm 7,\nFlim 12,\nqzxqzxqzx,\n", encoding="utf-8")
    answer = here("recommend", "--titles", str(file), "--json")
    values = answer.json()
    assert [row["item"] for row in values["history"]] == [3, 7, 12]
    assert [(row["text"], row["item"], row["sure"]) for row in values["matches"]] == [
        ("Film 3", 3, True),
        ("film 7", 7, True),
        ("Flim 12", 12, False),
        ("qzxqzxqzx", None, False),
    ]
    said = [json.loads(line)["message"] for line in answer.err.splitlines()]
    assert said[0].startswith('"Flim 12": matched to Film 12')
    assert said[1] == '"qzxqzxqzx": no match in toy+users3; left out'
    assert "Film 12" in here("recommend", "--titles", str(file)).out
    file.write_text("qzxqzxqzx\nxqqxzxqq\n", encoding="utf-8")
    assert here.refuses("recommend", "--titles", str(file)).endswith(
        "none of its 2 titles matches items of toy+users3; use one title per line"
    )


def test_filters_and_diversity_are_said_with_what_they_cost(here):
    plain = here("recommend", "--items", "3,4", "-k", "5", "--json").json()["recommendations"]
    values = here("recommend", "--items", "3,4", "-k", "5", "--diversify", "0.5", "--json").json()
    rows, cost = values["recommendations"], values["diversity"]
    assert rows[0] == plain[0]
    assert cost["mean_score"] == pytest.approx(np.mean([row["score"] for row in rows]), abs=1e-4)
    assert cost["mean_score"] <= cost["plain_score"] == pytest.approx(np.mean([r["score"] for r in plain]), abs=1e-4)
    seen = here("recommend", "--items", "3,4", "--seen", "seen", "--json").json()
    assert sorted(row["item"] for row in seen["recommendations"]) == [3, 4]
    assert seen["filter"] == "seen"
    assert "no item passes the filter" in here("recommend", "--items", "3,4", "--from-year", "1990").out


def test_an_error_for_programs_is_an_object_too(here):
    answer = here("recommend", "--user", "999", "--json", code=2)
    assert json.loads(answer.err) == {"error": "toy+users3: has no user 999"}
    assert answer.out == ""


def test_a_model_that_has_gone_wrong_recommends_nothing(here, terminal):
    path = terminal.last_run().checkpoint("best")
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    weights["token.weight"] = np.full_like(weights["token.weight"], np.nan)
    del metadata["checksum"]  # of the weights before
    save_file(weights, path, metadata)
    answer = here("recommend", "--user", "1", "--json", code=1)
    assert json.loads(answer.err)["error"].startswith("the model's scores are not finite")
    answer = here("test", "--protocol", "full", code=1)
    assert "targets are not finite" in answer.err
