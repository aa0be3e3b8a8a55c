"""Settings in and out of TOML and the command line, and the sentences for those that cannot be."""

from pathlib import Path
from typing import Any

import pytest
import tomli
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.config import (
    Config,
    DatasetConfig,
    from_dict,
    load_config,
    parse_assignment,
    save_config,
    to_dict,
    value_at,
    with_assignments,
    with_value,
)
from bert4rec_tui.config.fields import Field, fields_of
from bert4rec_tui.config.presets import preset
from bert4rec_tui.errors import UserError

FIELDS = {field.path: field for field in fields_of(Config)}
# These stand or fall with others; they are changed together below.
TIED = {
    *("model.hidden", "model.heads", "dataset.validation_share", "dataset.test_share"),
    *("evaluation.protocols", "evaluation.ks", "evaluation.best_metric"),
    *("training.device", "training.processes", "training.start", "model.tied_head"),
}


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """What a field may hold, from what it says of itself."""
    if field.path == "dataset.name":
        return st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
    if field.path == "dataset.item_noun":
        return st.from_regex(r"\A([a-zé][a-z é'-]{0,31})?\Z")
    if field.path == "dataset.time_unit":
        return st.from_regex(r"\A([0-9]{0,9}(ns|us|ms|s|min|h|d))?\Z")
    low, high = field.low or 0, min(field.high or 10**6, 10**6)
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
    return {
        "int": st.integers(int(low), int(high)),
        "float": st.floats(low, high, exclude_min=field.open_low, exclude_max=field.open_high),
        "bool": st.booleans(),
        "str": texts,
        "list of str": st.lists(st.from_regex(r"\A[a-z./]{1,20}\Z")).map(tuple),
        "choice": st.sampled_from(field.choices or ("",)),
        "mapping": st.dictionaries(st.sampled_from(["user", "item", "rating"]), texts),
    }[field.kind]


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Any configuration that is one."""
    values = to_dict(Config())
    for path in draw(st.lists(st.sampled_from(sorted(FIELDS.keys() - TIED)), unique=True, max_size=12)):
        values = with_value(values, path, draw(values_of(FIELDS[path])))
    heads = draw(st.integers(1, 16))
    numbers = draw(st.lists(st.integers(10, 999_999), unique=True, max_size=3))
    protocols = ["full", *(f"{draw(st.sampled_from(['uniform', 'popular']))}-{number}" for number in numbers)]
    ks = draw(st.lists(st.integers(1, 10), min_size=1, unique=True))
    metric = draw(st.sampled_from(["MRR", *(f"{name}@{k}" for name in ("Recall", "NDCG") for k in ks)]))
    processes = draw(st.sampled_from([1, 1, 2, 64]))
    device = draw(st.sampled_from(["auto", "cpu", "cuda", *(["mps", "cuda:3"] if processes == 1 else [])]))
    start = draw(st.sampled_from(["random", "transitions"]))
    tied = {
        "training.device": device,
        "training.processes": processes,
        "training.start": start,
        "model.tied_head": draw(st.booleans()) and start == "random",
        "model.heads": heads,
        "model.hidden": heads * draw(st.integers(8, 64)),
        "dataset.validation_share": draw(st.floats(0.001, 0.5)),
        "dataset.test_share": draw(st.floats(0.001, 0.49)),
        "evaluation.protocols": protocols,
        "evaluation.ks": ks,
        "evaluation.best_metric": f"{draw(st.sampled_from(protocols))}:{metric}",
    }
    for path, value in tied.items():
        values = with_value(values, path, value)
    return from_dict(values, Config)


@given(config=configs())
def test_a_configuration_comes_back_from_its_file_as_it_was(config, tmp_path):
    save_config(config, tmp_path / "config.toml")
    assert load_config(tmp_path / "config.toml") == config


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml_value(inner)}" for key, inner in value.items()) + "}"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").strip()


@given(config=configs(), start=configs())
def test_every_setting_can_be_said_on_the_command_line(config, start, tmp_path):
    """The lines of the file are what --set takes: applied to any other configuration they give this one."""
    save_config(config, tmp_path / "config.toml")
    values = tomli.loads((tmp_path / "config.toml").read_text(encoding="utf-8"))
    lines = [toml_value(value_at(values, path)) for path in FIELDS]
    # All at once: one alone may clash with what stands there.
    assert with_assignments(start, [f"{path}={line}" for path, line in zip(FIELDS, lines, strict=True)]) == config


@given(path=st.sampled_from([path for path, field in FIELDS.items() if field.kind in ("int", "float")]), data=st.data())
def test_a_number_out_of_bounds_is_refused_with_its_name_itself_and_the_bounds(path, data):
    field = FIELDS[path]
    beyond = [bound + step for bound, step in ((field.low, -1), (field.high, 1)) if bound is not None]
    value = data.draw(st.sampled_from([int(bound) for bound in beyond] or [float("nan")]))
    with pytest.raises(UserError) as error:
        from_dict(with_value(to_dict(Config()), path, value), Config)
    assert str(error.value) == f"{path} = {value}: expected {field.allowed}"


@given(path=st.sampled_from(sorted(FIELDS)), value=st.sampled_from([None, [], {}, "word", True, -7, 0.5, float("inf")]))
def test_whatever_cannot_be_is_refused_in_one_line_that_names_the_field(path, value):
    values, refused = with_value(to_dict(Config()), path, value), ""
    try:
        read = value_at(to_dict(from_dict(values, Config)), path)
    except UserError as error:
        refused = str(error)
    if refused:
        assert path in refused
        assert "\n" not in refused
        assert "`" not in refused
    else:
        assert read == value


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("training.epochs=ten", 'training.epochs = "ten": expected a whole number from 1 to 100000'),
        ("training.epochs=2.5", "training.epochs = 2.5: expected a whole number from 1 to 100000"),
        ("training.epochs=true", "training.epochs = true: expected a whole number from 1 to 100000"),
        ("training.epochs=", 'training.epochs = "": expected a whole number from 1 to 100000'),
        ("model.dropout=1", "model.dropout = 1: expected a number from 0, below 1"),
        ("training.mask_rate=0", "training.mask_rate = 0: expected a number above 0, up to 1"),
        ("training.learning_rate=nan", "training.learning_rate = nan: expected a number above 0, up to 100"),
        ("training.warmup_epochs=inf", "training.warmup_epochs = inf: expected a number from 0"),
        ("dataset.min_rating=nan", "dataset.min_rating = nan: expected a number"),
        ("model.tied_head=1", "model.tied_head = 1: expected true or false"),
        ("training.optimizer=Adam", 'training.optimizer = "Adam": expected one of adamw, adam, sgd'),
        ("training.device=gpu", 'training.device = "gpu": expected auto, cpu, cuda, cuda:1 or mps'),
        ('training.device="cpu\\n"', 'training.device = "cpu\\n": expected auto, cpu, cuda, cuda:1 or mps'),
        ("dataset.name=../x", 'dataset.name = "../x": expected up to 64 letters, digits, dots, dashes and underscores'),
        ("dataset.columns=5", 'dataset.columns = 5: expected a table of texts, such as { user = "0", item = "1" }'),
        (f"name={'x' * 65}", f'name = "{"x" * 65}": expected at most 64 characters'),
        (
            "evaluation.ks=five",
            'evaluation.ks = ["five"]: expected a list of whole numbers, such as [1, 5, 10, 20, 50, 100]',
        ),
        (
            'evaluation.ks=[1,"x"]',
            'evaluation.ks = [1,"x"]: expected a list of whole numbers, such as [1, 5, 10, 20, 50, 100]',
        ),
        ("evaluation.ks=[0]", "evaluation.ks = 0 is not a cut-off; write whole numbers from 1"),
        ("model.hidden=250", "model.hidden = 250 is not divisible by model.heads = 4"),
        (
            "dataset.test_share=0.9",
            "dataset.validation_share = 0.1 leaves nothing to train on with dataset.test_share = 0.9; "
            "together they must stay below 1",
        ),
        (
            'evaluation.protocols=["all"]',
            'evaluation.protocols = "all" is not a protocol; write full, uniform-100 or popular-100',
        ),
        (
            "evaluation.best_metric=NDCG@10",
            'evaluation.best_metric = "NDCG@10" is not a metric; write it like full:NDCG@10',
        ),
        (
            "evaluation.best_metric=uniform-5:NDCG@10",
            'evaluation.best_metric = "uniform-5:NDCG@10" needs the protocol uniform-5, but evaluation.protocols has '
            "full, uniform-100, popular-100",
        ),
        (
            "evaluation.best_metric=full:NDCG@7",
            'evaluation.best_metric = "full:NDCG@7" needs k = 7, but evaluation.ks has 1, 5, 10, 20, 50, 100',
        ),
        ("model=5", "model = 5: expected a table of settings, such as model.objective"),
        ("hidden=64", "hidden is not a setting; did you mean model.hidden?"),
        ("batch_size=64", "batch_size is not a setting; did you mean training.batch_size or evaluation.batch_size?"),
        ("model.hiden=64", "model.hiden is not a setting; did you mean model.hidden?"),
        ("training.hidden=64", "training.hidden is not a setting; did you mean model.hidden?"),
        ("modle.hidden=64", "modle is not a setting; did you mean model?"),
        ("model.hidden.size=64", "model.hidden.size is not a setting; did you mean model.hidden?"),
        ("lr=1", "lr is not a setting; there are dataset, model, training, evaluation"),
        ("training.epochs", '--set training.epochs: write it as key.path=value, such as "training.epochs=20"'),
        ("=5", '--set =5: write it as key.path=value, such as "training.epochs=20"'),
    ],
)
def test_an_assignment_that_cannot_be_is_refused_with_what_would_be_right(assignment, sentence):
    with pytest.raises(UserError) as error:
        with_assignments(Config(), [assignment])
    assert str(error.value) == sentence


def test_a_far_off_key_lists_what_its_group_has():
    with pytest.raises(UserError, match=r"^model\.qqqqqq is not a setting; model has objective, max_len, hidden, "):
        with_assignments(Config(), ["model.qqqqqq=1"])


def test_a_best_metric_that_every_model_reaches_is_refused():
    with pytest.raises(UserError) as error:
        with_assignments(Config(), ['evaluation.protocols=["uniform-5"]', "evaluation.best_metric=uniform-5:Recall@10"])
    assert str(error.value) == (
        'evaluation.best_metric = "uniform-5:Recall@10" is uninformative, since uniform-5 ranks only 6 candidates; '
        "choose a k of at most 5"
    )


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("training.epochs=20", "training.epochs", 20),
        ("training.epochs = 20", "training.epochs", 20),
        ("training.learning_rate=1e-3", "training.learning_rate", 0.001),
        ("model.tied_head=true", "model.tied_head", True),
        ("evaluation.ks=[1, 5]", "evaluation.ks", [1, 5]),
        ("evaluation.best_metric=full:NDCG@10", "evaluation.best_metric", "full:NDCG@10"),
        ('evaluation.best_metric="full:NDCG@10"', "evaluation.best_metric", "full:NDCG@10"),
        ("description=a = b", "description", "a = b"),
        ("description=1\nname=2", "description", "1\nname=2"),
        ("dataset.columns.user=who", "dataset.columns.user", "who"),
    ],
)
def test_the_value_of_an_assignment_is_toml_or_a_plain_word(text, path, value):
    assert parse_assignment(text) == (path, value)


def test_later_assignments_win_and_nothing_else_changes():
    config = with_assignments(Config(), ["training.epochs=3", "model.hidden=32", "training.epochs=4"])
    changed = with_value(with_value(to_dict(Config()), "training.epochs", 4), "model.hidden", 32)
    assert to_dict(config) == changed


@given(st.floats(0, 0.999, allow_subnormal=False).map(lambda number: f"{number:.4f}"))
def test_a_number_may_be_typed_without_the_zero_before_its_point(text: str):
    """TOML knows `0.99` alone; a text setting keeps the same characters as text."""
    short = text.removeprefix("0")
    config = with_assignments(Config(), [f"model.dropout={short}", "training.epochs=010", f"name={short}"])
    assert (config.model.dropout, config.training.epochs, config.name) == (float(text), 10, short)


@given(st.lists(st.integers(1, 100), min_size=1, unique=True))
def test_a_list_may_be_typed_without_brackets_and_quotes(ks: list[int]):
    """A shell takes the quotes of `["full"]` away."""
    typed, toml = ",".join(map(str, ks)), str(ks)
    config = Config()
    base = ["evaluation.best_metric=full:MRR"]
    assert with_assignments(config, [*base, f"evaluation.ks={typed}"]).evaluation.ks == tuple(ks)
    assert with_assignments(config, [*base, f"evaluation.ks={toml}"]).evaluation.ks == tuple(ks)
    for words in ("full", "full,popular-50", "full, popular-50", '["full", "popular-50"]'):
        protocols = with_assignments(config, [*base, f"evaluation.protocols={words}"]).evaluation.protocols
        assert protocols == ("full", "popular-50")[: 1 + ("50" in words)]


def test_what_a_file_leaves_out_comes_from_the_base(tmp_path: Path):
    file = tmp_path / "config.toml"
    file.write_text("[training]\nepochs = 3\n[dataset.columns]\nuser = 'a'\n")
    base = with_assignments(Config(), ["training.batch_size=7", "dataset.columns={user='x', item='y'}"])
    config = load_config(file, base)
    assert (config.training.epochs, config.training.batch_size) == (3, 7)
    assert config.dataset.columns == {"user": "a"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[training]\nepochz = 3\n", "training.epochz is not a setting; did you mean training.epochs?"),
        (b"[trainning]\nepochs = 3\n", "trainning is not a setting; did you mean training?"),
        (b"epochs: 3\n", "is not TOML: "),
        (b"name = '\xff'\n", "cannot be read as UTF-8 text ("),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong_in_it(tmp_path, content, sentence):
    file = tmp_path / "my.toml"
    file.write_bytes(content)
    with pytest.raises(UserError) as error:
        load_config(file)
    assert str(error.value).startswith(f"{file}: {sentence}")
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_or_is_a_folder_is_said_to_be(tmp_path):
    with pytest.raises(UserError, match=r"none\.toml: there is no such file"):
        load_config(tmp_path / "none.toml")
    with pytest.raises(UserError, match="cannot be read as UTF-8 text"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("settings", "identity"),
    [
        ({"name": "ml-1m"}, "ml-1m"),
        ({"name": "ml-1m", "min_item_interactions": 5}, "ml-1m+items5"),
        ({"name": "ml-1m", "min_user_interactions": 10, "min_rating": 3.5}, "ml-1m+rating3.5+users10"),
        ({"name": "x", "filter": "core", "repeats": "last"}, "x+core+lastonly"),
        ({"name": "x", "split": "holdout", "eval_users": 50, "seed": 7}, "x+holdout+eval50+seed7"),
        ({"name": "x", "validation_users": 2048}, "x+validation2048"),
        ({"name": "x", "split": "time"}, "x+time"),
        (
            {"name": "x", "split": "time", "validation_share": 0.05, "test_share": 0.125},
            "x+time+valshare0.05+testshare0.125",
        ),
    ],
)
def test_the_id_of_a_dataset_says_what_differs_from_the_defaults(settings, identity):
    assert DatasetConfig(**settings).id == identity


def test_where_the_ratings_lie_does_not_change_the_id():
    assert DatasetConfig(name="x", source="/a", columns={"user": "0"}, separator=";").id == "x"


@given(
    first=st.fixed_dictionaries({"min_rating": st.sampled_from([0.0, 3.0, 3.5]), "seed": st.sampled_from([42, 4]),
                                 "filter": st.sampled_from(["once", "core"]), "eval_users": st.sampled_from([0, 4])}),
    second=st.fixed_dictionaries({"min_rating": st.sampled_from([0.0, 3.0, 3.5]), "seed": st.sampled_from([42, 4]),
                                  "filter": st.sampled_from(["once", "core"]), "eval_users": st.sampled_from([0, 4])}),
)  # fmt: skip
def test_two_preparations_share_an_id_only_if_they_are_the_same(first, second):
    assert (DatasetConfig(**first).id == DatasetConfig(**second).id) == (first == second)


@pytest.mark.parametrize("name", ["2024", "true", "1.50", "2024-01-01", "[a]"])
def test_a_text_may_look_like_something_else_on_the_command_line(name):
    assert with_assignments(Config(), [f"name={name}"]).name == name


def test_a_text_in_quotes_is_what_is_in_them():
    assert with_assignments(Config(), ['name="two words"']).name == "two words"


@pytest.mark.parametrize(
    "assignment",
    ["training.epochs=" + "9" * 5000, "training.learning_rate=1" + "0" * 400, "model.hidden=" + "9" * 5000],
)
def test_a_number_of_hundreds_of_digits_is_refused_like_any_other(assignment):
    with pytest.raises(UserError, match=f"{assignment.partition('=')[0]} = .*: expected a"):
        with_assignments(Config(), [assignment])


def test_a_file_may_begin_with_the_mark_of_windows_editors(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[training]\nepochs = 3\n", encoding="utf-8-sig")
    assert load_config(file).training.epochs == 3


def test_a_table_on_the_command_line_changes_what_it_names_and_keeps_the_rest_of_its_group():
    config = with_assignments(preset("recommended"), ["training={epochs=1, seed=3}", "model={}"])
    one_by_one = with_assignments(preset("recommended"), ["training.epochs=1", "training.seed=3"])
    assert config == one_by_one
