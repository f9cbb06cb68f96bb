"""A store as one file, and back: SQLite by its own copying, PostgreSQL by its own programs.

`whole_file` is how a file comes into being, `sqlite_copies` and `postgres_dumps` what is in it, `folder` the files that
a server makes by itself.
"""
