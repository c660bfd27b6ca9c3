"""The order in which chunks are begun and written: each in a transaction, one after the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import Connection, Transaction
from sqlalchemy.orm import Session

from subscribers.importing import staging
from subscribers.importing.reading import Chunk

Turns = Iterator[tuple[Chunk, Connection]]
Begin = Callable[[Chunk, Connection], Transaction]
Write = Callable[[Chunk, Connection], None]


def one_by_one(turns: Turns, write: Write) -> Iterator[None]:
    for chunk, connection in turns:
        write(chunk, connection)
        yield


def overlapping(turns: Turns, begin: Begin, write: Write) -> Iterator[None]:
    """Write one chunk after the other, and begin the next meanwhile: it has a core of the server's, too.

    One that is begun only reads, and holds no lock. So nobody waits for it, while it waits for its turn.
    """
    with ThreadPoolExecutor(max_workers=1) as writer:
        before: Future[None] | None = None
        for chunk, connection in turns:
            if before and chunk.follows:
                before.result()
            begin(chunk, connection)
            if before:
                before.result()
                yield
            before = writer.submit(write, chunk, connection)
        if before:
            before.result()
            yield


def begun(first: bool, chunk: Chunk, connection: Connection) -> Transaction:
    """The transaction of a chunk, with the chunk filled in.

    Where an import is the `first` to bring anybody, nobody of it can be known but who has signed up since.
    """
    transaction = connection.get_transaction()
    if transaction is None:
        transaction = connection.begin()
        with Session(connection) as session:
            staging.fill(session, chunk, known=not first or chunk.follows)
    return transaction
