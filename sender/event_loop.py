"""The event loop that mail is sent in: uvloop where it is installed (`pip install courseletter[fast]`)."""

import asyncio


def new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
