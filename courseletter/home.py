"""The data folder of an installation: where it is, and the secret that its links and hashes hang on."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from courseletter.errors import ConfigError

FILE_NAME = "courseletter.toml"
DEFAULT_HOME = "courseletter-data"
SHORTEST_SECRET = 32  # characters

_RESTORE = (
    "Restore it from a backup: with a new one the links in all mails sent so far would stop working, "
    "and people who must not be mailed would not be recognised."
)


def home_folder() -> Path:
    """The data folder: `COURSELETTER_HOME`, else `courseletter-data` in the folder one stands in."""
    return Path(os.environ.get("COURSELETTER_HOME") or DEFAULT_HOME).absolute()


def make_home(home: Path) -> None:
    """Make the data folder, for its owner's eyes. Raises ConfigError where that cannot be done."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(
            f"{home} cannot be made the data folder: {error.strerror}. "
            "Set COURSELETTER_HOME to a folder that you may write to."
        ) from None


def create_secret(home: Path) -> None:
    """Write the installation's secret once, readable by its owner only; an existing one is kept."""
    make_home(home)
    path = home / "secret.key"
    if not path.exists():
        with created_once(path) as temporary:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(32))


def check_secret_not_lost(home: Path, *, in_use: bool = False) -> None:
    """Raise ConfigError where there was a secret once: settings are there, or a database that is `in_use`."""
    path = home / "secret.key"
    if (in_use or (home / FILE_NAME).exists()) and not path.exists():
        raise ConfigError(f"{path} is missing. {_RESTORE}")


@contextmanager
def created_once(path: Path) -> Iterator[Path]:
    """A place to write a file that becomes `path` when it is complete; one that is there already stays.

    So two processes that begin at once agree on one file, and nobody ever reads half of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield temporary
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def secret_of(home: Path) -> str:
    """The installation's secret. Raises ConfigError where there is none, or not all of it."""
    path = home / "secret.key"
    if not path.is_file():
        check_secret_not_lost(home)
        raise ConfigError(
            f"{home} is no Courseletter data folder yet. Run `courseletter init`, "
            "or set COURSELETTER_HOME to the folder you mean."
        )
    secret = path.read_text().strip()
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError(f"{path} is damaged. {_RESTORE}")
    return secret
