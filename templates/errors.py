"""What is wrong with a lesson, for its author."""

from courseletter.errors import InvalidInput


class TemplateError(InvalidInput):
    """A lesson that cannot be published. `template` is its title, `line` the author's line or None."""

    def __init__(self, template: str, line: int | None, message: str) -> None:
        where = f"“{template}”" if line is None else f"“{template}”, line {line}"
        super().__init__(f"{where}: {message}", field="body")
        self.template = template
        self.line = line
        self.message = message
