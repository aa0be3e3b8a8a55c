"""The command line of `prepare` for the settings of a dataset."""

from bert4rec_tui.config import DatasetConfig


def prepare_arguments(settings: DatasetConfig) -> list[str]:
    """The arguments of the command `prepare` for these settings, without defaults."""
    default = DatasetConfig()
    arguments = ["prepare", settings.name]
    for field, flag in {
        "source": "--source",
        "separator": "--separator",
        "encoding": "--encoding",
        "time_format": "--time-format",
        "time_unit": "--time-unit",
        "items": "--items",
        "where": "--where",
        "item_noun": "--item-noun",
        "min_rating": "--min-rating",
        "min_user_interactions": "--min-user-interactions",
        "min_item_interactions": "--min-item-interactions",
        "filter": "--filter",
        "repeats": "--repeats",
        "split": "--split",
        "eval_users": "--eval-users",
        "validation_users": "--validation-users",
        "validation_share": "--validation-share",
        "test_share": "--test-share",
        "seed": "--seed",
    }.items():
        if getattr(settings, field) != getattr(default, field):
            arguments += [flag, str(getattr(settings, field))]
    for source in settings.further_sources:
        arguments += ["--source", source]
    if settings.drop_incomplete:
        arguments.append("--drop-incomplete")
    for flag, columns in (("--columns", settings.columns), ("--item-columns", settings.item_columns)):
        if columns:
            arguments += [flag, ",".join(f"{role}={column}" for role, column in columns.items())]
    return arguments
