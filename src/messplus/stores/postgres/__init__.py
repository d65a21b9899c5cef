"""The log in PostgreSQL: one for many gateways."""
