"""Logs of events: on disk (SQLite) or in memory, behind one protocol."""

from messplus.stores.base import Store, Stored, Story
from messplus.stores.memory import MemoryStore
from messplus.stores.opening import open_store
from messplus.stores.sqlite import SqliteStore

__all__ = ["MemoryStore", "SqliteStore", "Store", "Stored", "Story", "open_store"]
