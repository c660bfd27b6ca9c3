"""Lists from elsewhere: a file is read, each line is checked, and what may come in is written in chunks.

`files.py` opens it and `tables.py` reads its rows; a module of `sources/` knows each program's header;
`mapping.py` says which column becomes what; `entries.py` makes people of rows, in a process of its own
(`reading.py`). The database decides and writes a chunk at a time (`staging.py`, `comparing.py`,
`loading.py`), led by `running.py`.
"""
