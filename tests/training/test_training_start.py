"""Where the embeddings start: an untrained network that knows what follows what."""

import numpy as np
import pytest
import torch
from histories import walks

from bert4rec_tui.config import Config, ModelConfig, TrainingConfig, from_dict, to_dict, with_value
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.metrics import means
from bert4rec_tui.evaluation.ranking import ModelScorer, held_out, rank
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.training.start import start_from_transitions


def network(items: int, seed: int = 0) -> Bert4Rec:
    return Bert4Rec(items, ModelConfig(objective="causal", max_len=12, hidden=32, heads=2, tied_head=False, seed=seed))


def test_the_untrained_network_knows_what_follows(make_dataset):
    dataset = make_dataset(walks(120, 40, 16))
    question = held_out(dataset, "test", ["full"], 0)
    found = {}
    for start in ("random", "transitions"):
        model = network(dataset.items).eval()
        if start == "transitions":
            start_from_transitions(model, dataset)
        ranks = rank(ModelScorer(model), question)["full"]
        found[start] = means(ranks.ranks, [5], int(ranks.candidates.max()))["NDCG@5"]
    assert found["transitions"] > 3 * found["random"]
    assert found["transitions"] > 0.5


def test_what_is_held_out_does_not_show(make_dataset):
    """Two datasets that differ in their held-out items alone start alike."""
    histories = walks(30, 12, 14)
    last = max(max(history) for history in histories)
    swapped = [[*history[:-2], history[-2] % last + 1, history[-1] % last + 1] for history in histories]
    tables = []
    for some in (histories, swapped):
        dataset = make_dataset(some)
        model = network(dataset.items)
        start_from_transitions(model, dataset)
        tables.append(model.token.weight.detach())
    assert torch.equal(*tables)


def test_the_same_seed_starts_alike_and_disturbs_no_other_draw(make_dataset):
    dataset = make_dataset(walks(30, 12, 14))
    tables, drawn = [], []
    for seed in (0, 0, 1):
        torch.manual_seed(7)
        model = network(dataset.items, seed)
        start_from_transitions(model, dataset)
        tables.append(model.head_weight.detach())
        drawn.append(torch.rand(3))
    assert torch.equal(tables[0], tables[1])
    assert not torch.equal(tables[0], tables[2])
    assert torch.equal(drawn[0], drawn[2])
    assert np.isfinite(tables[0].numpy()).all()


def test_a_tied_head_is_refused_in_a_sentence():
    values = with_value(to_dict(Config()), "training.start", "transitions")
    assert from_dict(values, Config).training == TrainingConfig(start="transitions")
    with pytest.raises(UserError, match=r"needs untied output weights"):
        from_dict(with_value(values, "model.tied_head", True), Config)
