"""What a process that lives long does once it has loaded what it needs."""

import gc


def settle_down() -> None:
    """Let the garbage collector leave alone what is there by now, since it stays as long as the process, and
    come seldom.

    A full collection would go through all of it and find nothing: for a tenth of a second in the middle of a
    page or a chunk, for a quarter of what a claim of 500 costs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)
