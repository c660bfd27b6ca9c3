"""Digests: what is new in a feed, as an issue of a newsletter, on a schedule."""
