"""Gateways on one PostgreSQL: what they answer together, what it costs the database, and whether the promise is one."""
