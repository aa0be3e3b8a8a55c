"""A pane: a part of a screen with one subject, its own keys and its own messages."""

from typing import Self

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region

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

    _retitled: Region | None = None  # the line of the border that is written just now

    def retitle(self, title: Content, subtitle: Content | None = None) -> None:
        """Set the title, and the subtitle where one is given.

        Only a line of the border that changes is painted again; by Textual's own setters the whole pane would be, with
        every line of its list.
        """
        width, height = self.outer_size
        left, top = self.content_offset
        if self.border_title != title.markup:
            self._retitled = Region(-left, -top, width, 1)
            self.border_title = title
        if subtitle is not None and (self.border_subtitle or "") != subtitle.markup:
            self._retitled = Region(-left, height - 1 - top, width, 1)
            self.border_subtitle = subtitle
        self._retitled = None

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Paint again; while a title is set, its line alone."""
        if self._retitled is not None and not regions and not layout and not recompose:
            regions = (self._retitled,)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
