"""The lines between ranks: who dies is named, who fails is heard, who parts is not missed, a stop reaches all."""

import os
import queue
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from bert4rec_tui.training.distributed import World
from bert4rec_tui.training.rank_connections import RankConnections


class ThreadWorld(World):
    """A rank that is a thread; the port of rank 0 is passed on by a queue."""

    place: "queue.Queue[bytes]"

    def broadcast(self, content: bytes) -> bytes:
        if not self.is_leader:
            return self.place.get(timeout=30)
        for _ in range(self.size - 1):
            self.place.put(content)
        return content


class Rank:
    """A lifeline, and what it hears."""

    def __init__(self, world: World) -> None:
        self.stop_requested = threading.Event()
        self.losses: queue.Queue[str] = queue.Queue()
        self.lifeline = RankConnections(world, self.stop_requested, self.losses.put)

    def break_off(self) -> None:
        """What the kernel does to the lines of a process that dies."""
        for line in self.lifeline._lines:
            line.shutdown(socket.SHUT_RDWR)
            line.close()


@pytest.fixture
def ranks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Rank]]:
    """Three ranks that have met."""
    monkeypatch.setattr(ThreadWorld, "place", queue.Queue(), raising=False)
    met: dict[int, Rank] = {}
    threads = [
        threading.Thread(target=lambda rank=rank: met.__setitem__(rank, Rank(ThreadWorld(rank, 3, rank, 3))))
        for rank in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    yield [met[rank] for rank in range(3)]
    for rank in met.values():
        rank.lifeline.close()


def test_all_ranks_are_known_to_the_first(ranks):
    assert [member.rank for member in ranks[0].lifeline.members] == [0, 1, 2]
    assert {member.pid for member in ranks[0].lifeline.members} == {os.getpid()}


def test_who_dies_is_named_and_of_several_the_first(ranks):
    ranks[2].break_off()
    sentence = ranks[0].losses.get(timeout=30)
    assert sentence.startswith(f"rank 2 (process {os.getpid()} on ")
    assert "resume the run" in sentence
    ranks[1].break_off()
    with pytest.raises(queue.Empty):
        ranks[0].losses.get(timeout=0.3)


def test_when_the_first_dies_all_others_know(ranks):
    ranks[0].break_off()
    for rank in ranks[1:]:
        assert rank.losses.get(timeout=30).startswith("rank 0 (process ")


def test_what_went_wrong_on_a_rank_is_said_by_the_first(ranks):
    ranks[1].lifeline.fail("out of memory: set training.batch_size = 64")
    sentence = ranks[0].losses.get(timeout=30)
    assert sentence.startswith("rank 1 (process ")
    assert sentence.endswith(": out of memory: set training.batch_size = 64")


@pytest.mark.parametrize("asked", [0, 1])
def test_a_stop_asked_of_one_reaches_the_first_and_from_it_all(ranks, asked):
    ranks[asked].stop_requested.set()
    assert all(rank.stop_requested.wait(timeout=30) for rank in ranks)


def test_who_parts_is_not_missed(ranks):
    for rank in (1, 2, 0):
        ranks[rank].lifeline.close()
    for rank in ranks:
        rank.break_off()
    for rank in ranks:
        with pytest.raises(queue.Empty):
            rank.losses.get(timeout=0.2)


def test_a_rank_that_outlasts_the_first_ends_with_it(ranks):
    for rank in ranks:
        rank.lifeline.close()
    waiting = [threading.Thread(target=rank.lifeline.wait_for_rank_0) for rank in ranks[1:]]
    for thread in waiting:
        thread.start()
    waiting[0].join(timeout=1)
    assert all(thread.is_alive() for thread in waiting), "the first still tests"
    ranks[0].break_off()
    for thread in waiting:
        thread.join(timeout=20)
        assert not thread.is_alive()
    assert all(rank.losses.empty() for rank in ranks)


def test_a_rank_that_outlasts_the_first_ends_when_a_stop_is_asked_for(ranks):
    for rank in ranks:
        rank.lifeline.close()
    ranks[1].stop_requested.set()
    ranks[1].lifeline.wait_for_rank_0()


def test_a_stranger_is_not_taken_for_a_rank(monkeypatch):
    """Somebody else who finds the port is shut out, and the ranks meet all the same."""
    said = b'{"rank": 1, "pid": 1, "host": "there", "word": "guessed"}\n'
    monkeypatch.setattr(ThreadWorld, "place", queue.Queue(), raising=False)
    met: list[Rank] = []
    first = threading.Thread(target=lambda: met.append(Rank(ThreadWorld(0, 2, 0, 2))))
    first.start()
    content = ThreadWorld.place.get(timeout=30)
    (port,) = struct.unpack("<H", content[:2])
    for words in (said, b"\xff\xfe GET /\n", b""):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as stranger:
            stranger.sendall(words)
            stranger.shutdown(socket.SHUT_WR)
            assert stranger.recv(1) == b""
    ThreadWorld.place.put(content)
    second = Rank(ThreadWorld(1, 2, 1, 2))
    first.join(timeout=60)
    assert met[0].lifeline.members[1].host != "there"
    second.lifeline.close()
    met[0].lifeline.close()
