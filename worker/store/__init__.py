"""Durable memory: what was delivered, what is due, which issue is which ticket, and who moved what when.

The same schema and the same promises on SQLite and on PostgreSQL. Callers use `store.Store` and nothing below it.
"""
