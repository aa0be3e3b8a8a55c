"""The ways in which something ends that is not a defect of ours."""

from typing import ClassVar


class UserError(Exception):
    """The request cannot be served as it stands: exit code 2.

    The message is one sentence for the person at the keyboard: what is wrong, where, and what would be right.
    """

    exit_code: ClassVar[int] = 2


class OutOfReachError(UserError):
    """The request was right, and the disk or the network would not: exit code 1. To be met like any other refusal."""

    exit_code = 1


class WorkFailedError(Exception):
    """The request was right and the work failed: exit code 1. The message is one sentence for the person."""

    exit_code: ClassVar[int] = 1
