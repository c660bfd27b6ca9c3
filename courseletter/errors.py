"""The one base of every error a person can meet. Each message says what is wrong and what to do next."""


class CourseletterError(Exception):
    """Shown to the person as it stands: one line, exit code 2 on the command line."""


class InvalidInput(CourseletterError):
    """Something a person gave us cannot be used (HTTP 422). Nothing was stored, nothing was sent."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(CourseletterError):
    """What was named does not exist, or is not theirs to see (HTTP 404)."""


class ConfigError(CourseletterError):
    """A setting cannot be used; the message names its key."""
