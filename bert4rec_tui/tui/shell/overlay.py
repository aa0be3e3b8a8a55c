"""What stands over a screen for a while and goes when it is left."""

from typing import Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

from bert4rec_tui.tui.shell.interface import Application, application_of

Answer = TypeVar("Answer")


class Overlay(ModalScreen[Answer | None], Generic[Answer], inherit_bindings=False):
    """A screen over another. It gives one answer: a key that was pressed twice finds it gone, and does nothing."""

    @property
    def application(self) -> Application:
        """What the application offers: other screens, our commands, the runs."""
        return application_of(self)

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Give the answer and go. Once it has gone, or while another stands over it, nothing happens."""
        if not self.is_active:
            return AwaitComplete()
        return super().dismiss(result)
