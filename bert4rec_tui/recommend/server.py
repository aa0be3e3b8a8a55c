"""The recommender behind JSON lines: numbered requests on stdin, answers on stdout, until the input ends.

usage: python -m bert4rec_tui.recommend.server [--device cpu]

    {"id": 1, "method": "recommend", "params": {"run": PATH, "history": [3, 1], "k": 10, "target": 7}}
    {"id": 1, "method": "recommend", "params": {"run": PATH, "history": [3], "before": [3, 1], "weight": 0.3,
                                                "wanted": {"genres": ["Comedy"], "from_year": 1990}}}
    {"id": 2, "method": "explain", "params": {"run": PATH, "checkpoint": "last", "history": [3, 1], "item": 7}}
    {"id": 3, "method": "similar", "params": {"run": PATH, "item": 7, "k": 10}}

`beside` is `recommend` under another name, so that the lists of two runs do not supersede each other.
An answer is {"id", "result"} or {"id", "error"}; an error is one sentence. A request that a newer one of its method
waits behind is not worked on: its answer is {"id", "superseded": true}. The first line out is
{"id": 0, "result": {"ready": true}}.
"""

import argparse
import json
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.model.hardware import set_up_process
from bert4rec_tui.recommend.filters import ItemFilter
from bert4rec_tui.recommend.recommender import Recommender
from bert4rec_tui.runs.store import CheckpointName, Run
from bert4rec_tui.settings import datasets_folder

LONGEST_LINE = 16 * 2**20


class Params(Struct, forbid_unknown_fields=True, kw_only=True):
    """What a request asks; which fields count depends on its method."""

    run: str
    checkpoint: CheckpointName = "best"
    history: list[int] = []
    k: Annotated[int, Meta(ge=1)] = 10
    target: int | None = None
    before: list[int] | None = None
    wanted: ItemFilter | None = None
    weight: Annotated[float, Meta(ge=0, le=1)] = 0.0
    item: int = 0


class Request(Struct, kw_only=True):
    """One numbered request."""

    id: int
    method: Literal["recommend", "beside", "explain", "similar"]
    params: Params


class Server:
    """Keeps the models of the last runs that were asked about, and answers."""

    def __init__(self, device: str) -> None:
        self.device = device
        self._models: dict[tuple[str, str, float], Recommender] = {}

    def recommender(self, run: Run, checkpoint: CheckpointName) -> Recommender:
        """The model of a run as its checkpoint stands now; at most two are kept."""
        weights = run.checkpoint(checkpoint)
        key = (str(run.path), checkpoint, weights.stat().st_mtime if weights.exists() else 0.0)
        if key not in self._models:
            dataset = dataset_of(run.config().dataset, datasets_folder())
            while len(self._models) > 1:
                del self._models[next(iter(self._models))]
            self._models[key] = Recommender(run, dataset, checkpoint, self.device)
        return self._models[key]

    def answer(self, request: Request) -> dict[str, Any]:
        """The result of a request. Raises UserError where it cannot be served."""
        params = request.params
        recommender = self.recommender(Run(Path(params.run)), params.checkpoint)
        about = {"epoch": recommender.epoch, "checkpoint": params.checkpoint, "objective": recommender.objective}
        match request.method:
            case "recommend" | "beside":
                found = recommender.recommend(
                    params.history,
                    params.k,
                    params.target,
                    wanted=params.wanted,
                    weight=params.weight,
                    before=params.before,
                )
                return msgspec.to_builtins(found) | about
            case "explain":
                return vars(recommender.explain(params.history, params.item)[0]) | about
            case "similar":
                items, similarities = recommender.similar(params.item, params.k)
                return {"items": items, "similarities": similarities} | about


def say(answer: dict[str, Any]) -> None:
    """Write one answer."""
    sys.stdout.write(json.dumps(answer, allow_nan=False) + "\n")
    sys.stdout.flush()


def read_requests(requests: "queue.Queue[Request | None]") -> None:
    """Put every request of stdin into the queue, None at its end; say what is wrong with a line that is none."""
    decoder = msgspec.json.Decoder(Request)
    while line := sys.stdin.buffer.readline(LONGEST_LINE):
        try:
            requests.put(decoder.decode(line))
        except msgspec.MsgspecError as error:
            say({"id": _number(line), "error": f"the request cannot be read: {error}"})
    requests.put(None)


def _number(line: bytes) -> int:
    try:
        return int(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError):
        return -1


def serve(server: Server) -> None:
    """Answer until the input ends. What has been superseded while waiting is not worked on."""
    requests: queue.Queue[Request | None] = queue.Queue()
    threading.Thread(target=read_requests, args=(requests,), daemon=True).start()
    say({"id": 0, "result": {"ready": True}})
    waiting: list[Request | None] = []
    while True:
        if not waiting:
            waiting.append(requests.get())
        while not requests.empty():
            waiting.append(requests.get_nowait())
        request = waiting.pop(0)
        if request is None:
            return
        if any(later is not None and later.method == request.method for later in waiting):
            say({"id": request.id, "superseded": True})
            continue
        try:
            say({"id": request.id, "result": server.answer(request)})
        except (UserError, WorkFailedError) as error:
            say({"id": request.id, "error": str(error)})
        except Exception as error:
            traceback.print_exc()
            reason = (str(error) or "no word on why").splitlines()[0][:200]
            say({"id": request.id, "error": f"{type(error).__name__}: {reason}"})


def main() -> None:
    """Serve stdin on the device that is asked for."""
    parser = argparse.ArgumentParser(description="Answer numbered recommendation requests, one JSON object a line.")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 or mps")
    arguments = parser.parse_args()
    import torch

    set_up_process(0, False, torch.device(arguments.device))
    serve(Server(arguments.device))


if __name__ == "__main__":
    main()
