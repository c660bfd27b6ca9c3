"""Slots: what differs per recipient, carried through stage 1 as opaque ASCII words like `cl9f3a1c07x3x`.

They pass nh3, MJML, attributes and URLs unharmed; at the end of stage 1 `splice()` puts stage-2 Jinja2 in
their places and makes everything else literal, so that nothing an author wrote is ever run.
"""

import hashlib
import re

from markupsafe import Markup

from courseletter.errors import InvalidInput
from templates import conditions
from templates.merge_fields import MergeField, parts, subscripts


class Slots:
    """The expressions of one compilation, numbered as they come. The same expression keeps its number."""

    def __init__(self, *inputs: str) -> None:
        """The nonce comes from the inputs, so that the same lesson compiles to the same bytes."""
        self._nonce = _nonce("\0".join(inputs))
        self._numbers: dict[str, int] = {}

    def code(self, jinja: str) -> str:
        """A slot for a piece of stage-2 Jinja2, written by us."""
        number = self._numbers.setdefault(jinja, len(self._numbers))
        return f"{self._nonce}x{number}x"

    def between(self, jinja: str) -> Markup:
        """The same as a comment: between MJML components and table rows no bare word may stand."""
        return Markup("<mj-raw><!--{}--></mj-raw>").format(self.code(jinja))

    def value(self, path: str) -> str:
        return self.code(f"{{{{ {subscripts(path)} | shown }}}}")

    def link(self, path: str) -> str:
        """A whole link address of the context."""
        return self.code(f"{{{{ {subscripts(path)} | web_address }}}}")

    def line(self, text: str) -> str:
        """A one-line text of the author (title, subject) with its merge fields as slots."""
        return "".join(part if isinstance(part, str) else self.text(part) for part in parts(text))

    # What prose.Fill asks for.

    def text(self, field: MergeField) -> str:
        return self.code(f"{{{{ {field.expression()} }}}}")

    def address(self, field: MergeField, /, whole: bool) -> str:
        return (
            self.link(field.path)
            if whole
            else self.code(f"{{{{ {subscripts(field.path)} | address_part }}}}")
        )

    def opening(self, condition: str, /) -> str:
        return self.code(f"{{% if {self.condition(condition)} %}}")

    def otherwise(self) -> str:
        return self.code("{% else %}")

    def closing(self) -> str:
        return self.code("{% endif %}")

    @staticmethod
    def condition(text: str) -> str:
        """An author's condition as Jinja2. One that cannot be read never holds; publishing refuses it."""
        try:
            return conditions.parse(text).expression()
        except InvalidInput:
            return "false"

    def splice(self, finished: str) -> str:
        """The stage-2 source: slots as Jinja2, all else as it will read."""
        codes = list(self._numbers)
        word = rf"{self._nonce}x([0-9]+)x"
        pieces = re.split(rf"<!--{word}-->|{word}", finished)
        source = [literally(pieces[0])]
        for i in range(1, len(pieces), 3):
            source += codes[int(pieces[i] or pieces[i + 1])], literally(pieces[i + 2])
        return "".join(source)


def literally(text: str) -> str:
    """Text that Jinja2 puts out exactly as it stands."""
    return re.sub(r"\{(?=[{%#]|\Z)", "{{ '{' }}", text)


def _nonce(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    nonce = f"cl{digest[:8]}"
    return nonce if nonce not in text else _nonce(text + digest)
