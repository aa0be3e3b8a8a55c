"""Titles of panes that are written again only where they change: setting one repaints the whole pane."""

from textual.content import Content
from textual.widget import Widget


def retitle(pane: Widget, title: Content, subtitle: Content | None = None) -> None:
    """Set a pane's title, and its subtitle where one is given."""
    if pane.border_title != title.markup:
        pane.border_title = title
    if subtitle is not None and pane.border_subtitle != subtitle.markup:
        pane.border_subtitle = subtitle
