"""The recommender as a process: numbered requests as JSON lines on stdin, answers on stdout, until the input ends.

usage: python -m bert4rec_tui.recommend.server [--device cpu]

    {"id": 1, "method": "recommend", "params": {"run": PATH, "history": [3, 1], "k": 10, "target": 7}}
    {"id": 1, "method": "recommend", "params": {"run": PATH, "history": [3], "before": [3, 1], "weight": 0.3,
                                                "wanted": {"genres": ["Comedy"], "from_year": 1990}}}
    {"id": 2, "method": "explain", "params": {"run": PATH, "checkpoint": "last", "history": [3, 1], "item": 7}}
    {"id": 3, "method": "similar", "params": {"run": PATH, "item": 7, "k": 10}}

`beside` is `recommend` under another name, so that the lists of two runs do not supersede each other.
An answer is {"id", "result"} or {"id", "error"}; an error is one sentence. Every line is answered, whatever is in it;
one without a readable id with the id -1. A request is skipped when a newer one of the same method is waiting: its
answer is {"id", "superseded": true}. The first line of output is {"id": 0, "result": {"ready": true}}.
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
from bert4rec_tui.errors import UserError, WorkFailedError, printable
from bert4rec_tui.model.hardware import set_up_process
from bert4rec_tui.recommend.filters import ItemFilter
from bert4rec_tui.recommend.recommender import Recommender
from bert4rec_tui.runs.store import CheckpointName, Run
from bert4rec_tui.settings import datasets_folder

LONGEST_LINE = 16 * 2**20
_WRITING = threading.Lock()


class Params(Struct, forbid_unknown_fields=True, kw_only=True):
    """The parameters of a request; which ones apply depends on its method."""

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

    id: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    method: Literal["recommend", "beside", "explain", "similar"]
    params: Params


class Server:
    """Answers requests; keeps the models of the last runs in memory."""

    def __init__(self, device: str) -> None:
        self.device = device
        self._models: dict[tuple[str, str, float], Recommender] = {}

    def recommender(self, run: Run, checkpoint: CheckpointName) -> Recommender:
        """The model of a run from its current checkpoint; at most two are kept."""
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


def write_answer(answer: dict[str, Any]) -> None:
    """Write one answer; both threads do."""
    line = json.dumps(answer, allow_nan=False) + "\n"
    with _WRITING:
        sys.stdout.write(line)
        sys.stdout.flush()


def read_requests(requests: "queue.Queue[Request | None]") -> None:
    """Put every request of stdin into the queue, None at its end; answer a line that is not a request with an error."""
    decoder = msgspec.json.Decoder(Request)
    try:
        while line := sys.stdin.buffer.readline(LONGEST_LINE):
            try:
                requests.put(_decode(decoder, line))
            except UserError as error:
                write_answer({"id": _id_of(line), "error": f"the request cannot be read: {error}"})
    finally:
        requests.put(None)  # also where nobody reads the answers any more


def _decode(decoder: "msgspec.json.Decoder[Request]", line: bytes) -> Request:
    """The request in a line. Raises UserError for anything else, also where decoding fails in its own ways."""
    if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
        while (rest := sys.stdin.buffer.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            pass
        raise UserError(f"it is longer than {LONGEST_LINE:,} bytes")
    try:
        return decoder.decode(line)
    except (RecursionError, MemoryError):
        raise UserError("it is nested too deeply or too large") from None
    except (ValueError, TypeError, ArithmeticError) as error:  # msgspec's own errors are ValueErrors
        raise UserError(str(error)) from None


def _id_of(line: bytes) -> int:
    """The id in a line that is not a request, -1 where there is none."""
    try:
        number = json.loads(line)["id"]
    except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError, MemoryError):
        return -1
    # 1.0 is no id: its answer would be taken for that of the request 1.
    return number if type(number) is int and -(2**63) <= number < 2**63 else -1


def serve(server: Server) -> None:
    """Answer until the input ends, skipping requests that were superseded while waiting."""
    requests: queue.Queue[Request | None] = queue.Queue()
    write_answer({"id": 0, "result": {"ready": True}})
    threading.Thread(target=read_requests, args=(requests,), daemon=True).start()
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
            write_answer({"id": request.id, "superseded": True})
            continue
        try:
            write_answer({"id": request.id, "result": server.answer(request)})
        except (UserError, WorkFailedError) as error:
            write_answer({"id": request.id, "error": str(error)})
        except OSError as error:  # a path that no system takes, a run that another program removes
            named = printable(request.params.run)
            write_answer({"id": request.id, "error": f"{named}: cannot be read ({error.strerror or error})"})
        except Exception as error:
            traceback.print_exc()
            reason = (str(error) or "no details").splitlines()[0][:200]
            write_answer({"id": request.id, "error": f"{type(error).__name__}: {reason}"})


def main() -> None:
    """Serve stdin on the device of the command line."""
    parser = argparse.ArgumentParser(description="Answer numbered recommendation requests, one JSON object per line.")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 or mps")
    arguments = parser.parse_args()
    import torch

    set_up_process(0, False, torch.device(arguments.device))
    serve(Server(arguments.device))


if __name__ == "__main__":
    main()
