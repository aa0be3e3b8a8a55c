"""The two ways in which something ends that is not a defect of ours."""


class UserError(Exception):
    """The request cannot be served as it stands: exit code 2.

    The message is one sentence for the person at the keyboard: what is wrong, where, and what would be right.
    """


class WorkFailedError(Exception):
    """The request was right and the work failed: exit code 1. The message is one sentence for the person."""
