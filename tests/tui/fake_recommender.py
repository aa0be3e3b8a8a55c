"""Speaks the recommender's protocol without a model: items by number, so that a test can say what must be shown.

usage: python fake_recommender.py [--items N] [--die-after N] [--dead-file FILE] [--delay S] [--refuse]
"""

import json
import sys
import time
from pathlib import Path


def option(name: str, default: str = "") -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


ITEMS = int(option("--items", "60"))


def answer(method: str, params: dict) -> dict:
    if method in ("recommend", "beside"):
        seen, k, target = set(params["history"]), params["k"], params["target"]
        items = [item for item in range(1, ITEMS + 1) if item not in seen or item == target][:k]
        rank = (
            None
            if target is None
            else [i for i in range(1, ITEMS + 1) if i not in seen or i == target].index(target) + 1
        )
        if method == "beside":  # the other run has two places exchanged and one movie less
            items = [items[1], items[0], *items[3:]]
        scores = [10.0 - n / 4 for n in range(len(items))]
        told: dict[str, object] = {}
        if params["before"] is not None:
            before = [item for item in range(1, ITEMS + 1) if item not in set(params["before"]) or item == target]
            told |= {"ranks": list(range(1, len(items) + 1)),
                    "ranks_before": [before.index(item) + 1 if item in before else 0 for item in items],
                    "target_before": None if target is None else before.index(target) + 1}  # fmt: skip
        if params["weight"]:
            told["diversified"] = {"mean_score": 8.5, "plain_score": 8.75, "likeness": 0.2, "plain_likeness": 0.4}
        if (params["wanted"] or {}).get("genres"):
            items, scores = items[:2], scores[:2]
        return told | {"items": items, "scores": scores, "target_rank": rank, "candidates": ITEMS - len(seen),
                "epoch": 12, "checkpoint": params["checkpoint"], "objective": "causal"}  # fmt: skip
    if method == "explain":
        count = len(params["history"])
        return {"shares": [0.1 * (n + 1) for n in range(count)], "score": 5.0, "score_without": 4.0}
    near = [item for item in range(1, ITEMS + 1) if item != params["item"]][: params["k"]]
    return {"items": near, "similarities": [0.9 - n / 100 for n in range(len(near))]}


def main() -> None:
    print(json.dumps({"id": 0, "result": {"ready": True}}), flush=True)
    left = int(option("--die-after", "-1"))
    dead = Path(option("--dead-file", "/nonexistent/never"))
    for line in sys.stdin:
        request = json.loads(line)
        # With a file to remember it by, it dies once only.
        if left == 0 and not (dead.parent.is_dir() and dead.exists()):
            if dead.parent.is_dir():
                dead.write_text("died")
            print("something went wrong", file=sys.stderr, flush=True)
            sys.exit(1)
        left -= 1
        time.sleep(float(option("--delay", "0")))
        if "--refuse" in sys.argv:
            reply = {"id": request["id"], "error": "there is no best checkpoint"}
        else:
            reply = {"id": request["id"], "result": answer(request["method"], request["params"])}
        print("a library's remark\n" + json.dumps(reply), flush=True)


main()
