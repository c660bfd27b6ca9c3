"""Courseletter's foundations (config, clock, database, errors) and its edges (command line, web, worker)."""
