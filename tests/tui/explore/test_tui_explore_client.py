"""The client of the recommender, against a process that speaks its protocol."""

import asyncio
import sys
from pathlib import Path

import pytest

from bert4rec_tui.tui.explore.client import RecommenderClient, RecommendError

FAKE = str(Path(__file__).parents[1].joinpath("fake_recommender.py"))


def client(folder: Path, *flags: str, said: list[str] | None = None) -> RecommenderClient:
    said = [] if said is None else said
    return RecommenderClient(
        folder / "logs" / "recommend.log", program=(sys.executable, FAKE, *flags), notify=said.append
    )


async def test_answers_come_back_to_whoever_asked(tmp_path: Path) -> None:
    server = client(tmp_path)
    found, near, why = await asyncio.gather(
        server.recommend(tmp_path, [1, 2], k=3, target=2),
        server.similar(tmp_path, 5, k=2),
        server.explain(tmp_path, [1, 2, 3], item=9),
    )
    assert found is not None
    assert near is not None
    assert why is not None
    assert (found.items, found.target_rank, found.candidates) == ([2, 3, 4], 1, 58)
    assert near.items == [1, 2]
    assert len(why.shares) == 3
    await server.close()


async def test_of_many_requests_in_a_row_the_newest_alone_is_answered(tmp_path: Path) -> None:
    server = client(tmp_path, "--delay", "0.02")
    answers = await asyncio.gather(*(server.recommend(tmp_path, list(range(1, n)), k=1) for n in range(1, 30)))
    assert [a is not None for a in answers] == [False] * 28 + [True]
    assert answers[-1] is not None
    assert answers[-1].items == [29]
    await server.close()


async def test_a_recommender_that_dies_is_started_again_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    server = client(tmp_path, "--die-after", "1", "--dead-file", str(tmp_path / "dead"), said=said)
    first = await server.recommend(tmp_path, [], k=1)
    second = await server.recommend(tmp_path, [1], k=1)
    assert first is not None
    assert second is not None
    assert second.items == [2]
    assert len(said) == 1
    assert "restarting" in said[0]
    await server.close()


async def test_a_recommender_that_always_dies_is_given_up_with_the_place_of_its_log(tmp_path: Path) -> None:
    server = client(tmp_path, "--die-after", "0")
    with pytest.raises(RecommendError, match=r"3 times in a row; .*recommend\.log says why"):
        await server.recommend(tmp_path, [], k=1)
    assert "something went wrong" in (tmp_path / "logs" / "recommend.log").read_text()


async def test_a_refusal_is_its_sentence(tmp_path: Path) -> None:
    server = client(tmp_path, "--refuse")
    with pytest.raises(RecommendError, match="there is no best checkpoint"):
        await server.recommend(tmp_path, [], k=1)
    await server.close()


async def test_the_recommender_ends_with_its_input(tmp_path: Path) -> None:
    server = client(tmp_path)
    await server.recommend(tmp_path, [], k=1)
    process = server._process
    assert process is not None
    await server.close()
    assert process.returncode == 0
