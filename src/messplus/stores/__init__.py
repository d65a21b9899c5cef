"""Logs of events: on disk (SQLite), shared by many (PostgreSQL), or in memory, behind one protocol."""

from messplus.stores.base import Log, ReadableLog, Store, Stored, Story
from messplus.stores.memory import MemoryStore
from messplus.stores.opening import is_shared, open_shared, open_store, open_to_read
from messplus.stores.reader import Reader
from messplus.stores.retention import Forgotten, retain
from messplus.stores.shared import SharedStore
from messplus.stores.sqlite import SqliteStore

__all__ = [
    "Forgotten",
    "Log",
    "MemoryStore",
    "ReadableLog",
    "Reader",
    "SharedStore",
    "SqliteStore",
    "Store",
    "Stored",
    "Story",
    "is_shared",
    "open_shared",
    "open_store",
    "open_to_read",
    "retain",
]
