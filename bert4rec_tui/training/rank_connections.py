"""A connection from each rank to rank 0, which breaks at the moment a process dies, whatever kills it.

A collective operation may wait for a dead rank for minutes, and does not say which one died. The kernel closes a dead
process's sockets at once: rank 0 then knows whom it lost and says so, and no rank stays behind without rank 0. The same
lines carry what one rank must tell the others out of turn: that somebody wants a stop, or what went wrong.
"""

import json
import os
import secrets
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TextIO

from bert4rec_tui.runs import machine
from bert4rec_tui.training.distributed import World

_MEETING_SECONDS = 120.0
_WORD = 16  # bytes of the word by which a rank is known for one of ours


@dataclass(frozen=True)
class Member:
    """A rank: which process it is, and where."""

    rank: int
    pid: int
    host: str

    def __str__(self) -> str:
        return f"rank {self.rank} (process {self.pid} on {self.host})"


class RankConnections:
    """The lines of this rank: to every other on rank 0, to rank 0 on the others.

    members: the ranks known here: all of them on rank 0, rank 0 and itself on the others. on_loss is called, in a
    thread, with a sentence when another rank has died or failed. stop_requested is set when any rank is asked to stop;
    whoever sets it here lets the others know.
    """

    def __init__(self, world: World, stop_requested: threading.Event, on_loss: Callable[[str], None]) -> None:
        self.world, self.stop_requested, self.on_loss = world, stop_requested, on_loss
        self.me = Member(world.rank, os.getpid(), machine.host())
        self.members = [self.me]
        self._lines: list[socket.socket] = []
        self._closing = threading.Event()
        self._rank_0_ended = threading.Event()
        self._lost = threading.Lock()
        if world.is_leader:
            self._accept_others()
        else:
            self._connect_to_rank_0()
        threading.Thread(target=self._pass_stop_on, name="stop", daemon=True).start()

    def fail(self, sentence: str) -> None:
        """Tell rank 0 what went wrong here."""
        self._send({"failed": sentence})

    def close(self) -> None:
        """Part in good order: from now on no rank misses this one."""
        self._closing.set()
        self._send({"bye": True})

    def wait_for_rank_0(self) -> None:
        """Wait until rank 0, which has parted in good order, has ended; or until a stop is asked for.

        torchrun on the machine of a rank that ends waits five minutes for those of the others, and then ends the run.
        """
        while not self._rank_0_ended.wait(0.2) and not self.stop_requested.is_set():
            pass

    def _accept_others(self) -> None:
        world = self.world
        # Ranks of one machine meet where no other machine reaches.
        address = "127.0.0.1" if world.size == world.local_size else ""
        with socket.create_server((address, 0)) as server:
            server.settimeout(_MEETING_SECONDS)
            word = secrets.token_bytes(_WORD)
            world.broadcast(struct.pack("<H", server.getsockname()[1]) + word)
            met: dict[int, Member] = {}
            while len(met) < world.size - 1:
                line, _ = server.accept()
                reader = line.makefile("r", encoding="utf-8")
                member = _authenticated(line, reader, word.hex())
                if member is None:  # somebody else has found the port
                    reader.close()
                    line.close()
                    continue
                self._send_hello(line, "")
                met[member.rank] = member
                self._add_line(line, reader, member)
            self.members += [met[rank] for rank in sorted(met)]

    def _connect_to_rank_0(self) -> None:
        world = self.world
        content = world.broadcast(bytes(2 + _WORD))
        (port,) = struct.unpack("<H", content[:2])
        address = "127.0.0.1" if world.size == world.local_size else os.environ["MASTER_ADDR"]
        line = socket.create_connection((address, port), timeout=_MEETING_SECONDS)
        self._send_hello(line, content[2:].hex())
        reader = line.makefile("r", encoding="utf-8")
        leader = _member(_read(reader.readline()))
        self.members.insert(0, leader)
        self._add_line(line, reader, leader)

    def _send_hello(self, line: socket.socket, word: str) -> None:
        hello = {"rank": self.me.rank, "pid": self.me.pid, "host": self.me.host, "word": word}
        line.sendall(json.dumps(hello).encode() + b"\n")

    def _add_line(self, line: socket.socket, reader: TextIO, member: Member) -> None:
        line.settimeout(None)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # A machine that loses its power closes nothing: it is missed within a minute.
        for name, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._lines.append(line)
        threading.Thread(target=self._receive, args=(reader, member), name="lifeline", daemon=True).start()

    def _receive(self, reader: TextIO, member: Member) -> None:
        """Take in what the other end says until it parts, or breaks off."""
        with suppress(OSError):
            for text in reader:
                message = _read(text)
                if "bye" in message:
                    with suppress(OSError):
                        reader.read()  # until its end of the line is closed
                    if member.rank == 0:
                        self._rank_0_ended.set()
                    return
                if "stop" in message:
                    self.stop_requested.set()
                if "failed" in message:
                    self._report_loss(f"{member}: {message['failed']}")
                    return
        self._report_loss(
            f"{member} exited unexpectedly, possibly killed for lack of memory; resume the run to continue from its "
            "last checkpoint"
        )

    def _report_loss(self, sentence: str) -> None:
        # Of several losses the first is the cause.
        if self._lost.acquire(blocking=False) and not self._closing.is_set():
            self.on_loss(sentence)

    def _pass_stop_on(self) -> None:
        self.stop_requested.wait()
        self._send({"stop": True})

    def _send(self, message: dict[str, Any]) -> None:
        for line in self._lines:
            with suppress(OSError):  # who is gone is heard of by the reader
                line.sendall(json.dumps(message).encode() + b"\n")


def _authenticated(line: socket.socket, reader: TextIO, word: str) -> Member | None:
    """Who calls, if it is one who knows the word."""
    line.settimeout(10)
    try:
        hello = _read(reader.readline(1000))
    except (OSError, ValueError):
        return None
    return _member(hello) if secrets.compare_digest(str(hello.get("word", "")).encode(), word.encode()) else None


def _member(hello: dict[str, Any]) -> Member:
    return Member(int(hello["rank"]), int(hello["pid"]), str(hello["host"]))


def _read(text: str) -> dict[str, Any]:
    """A message; empty where it is none."""
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
