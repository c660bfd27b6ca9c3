"""Newsletters: what goes to everybody at once, issue by issue."""
