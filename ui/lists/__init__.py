"""The record table: 100,000 rows, of which only what is seen is fetched."""

from ui.lists.columns import Cell, Column, Group, Mark, Order
from ui.lists.model import RecordModel
from ui.lists.table import BatchAction, RecordTable

__all__ = ["BatchAction", "Cell", "Column", "Group", "Mark", "Order", "RecordModel", "RecordTable"]
