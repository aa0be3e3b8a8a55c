"""A pane: a part of a screen with one subject, its own keys and its own messages."""

from textual.containers import Vertical

from bert4rec_tui.tui.shell.interface import Application, application_of


class Pane(Vertical, inherit_bindings=False):
    """One of the panes of a screen.

    Its keys work on the whole screen, wherever the focus is (`MainScreen`). It draws the state that its screen gives
    it, and tells what a person did by a message; it never reaches into another pane.
    """

    @property
    def application(self) -> Application:
        """What the application offers: other screens, our commands, the runs."""
        return application_of(self)
