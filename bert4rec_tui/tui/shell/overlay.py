"""What is over a screen for a while and goes when it is left."""

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
        """Give the answer and go. Once it has gone, or while another is over it, nothing happens.

        Where it is still being composed it goes right after: Textual would take its widgets away, and then mount it.
        """
        if not self.is_active:
            return AwaitComplete()
        if not self.is_mounted:
            self.call_later(self._dismiss_composed, result)
            return AwaitComplete()
        return super().dismiss(result)

    def _dismiss_composed(self, result: Answer | None) -> None:
        # Not awaited: a screen must not await its own end in one of its messages.
        self.dismiss(result)
