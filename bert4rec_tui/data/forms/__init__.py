from bert4rec_tui.data.forms.reading import to_table
from bert4rec_tui.data.forms.table import Table

__all__ = ["Table", "to_table"]
