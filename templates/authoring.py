"""A Markdown lesson as the MJML and Jinja2 that make the same mail: where an expert goes on from.

Written by mail_body, which writes the lesson's mails, with an author's own expressions in the place of slots.
Recap and teaser go to their usual places: the theme puts them around an expert's sections.
"""

import re
from html import escape

from markupsafe import Markup

from courseletter.errors import InvalidInput
from templates.blocks import blocks
from templates.compiling import direction_of, greets
from templates.mail_body import MailBody
from templates.merge_fields import MergeField
from templates.problems import problems
from templates.slots import Slots
from templates.syntax import parse
from templates.words import words

_AFTER_BLOCK = re.compile(r"(</(?:p|h[1-6]|ul|ol|li|tr|table|blockquote|pre|div)>)(?=<)")


def to_mjml(body: str, language: str) -> str:
    """The section of the mail's card that the lesson's body becomes.

    Raises InvalidInput where the Markdown has a fault: in MJML it would be carried on unseen.
    """
    if wrong := problems(body):
        line, message = wrong[0].line, wrong[0].message
        raise InvalidInput(f"Mend line {line} first, else its fault goes along: {message}", field="body")
    slots = _Authored(body)
    found = blocks(parse(body))
    labels = {"takeaway": words(language)["takeaway"]}
    rows = MailBody(slots, direction_of(language), labels, {}).rows(found)
    greeting = "" if greets(found) else _greeting(slots, language)
    section = slots.splice(_AFTER_BLOCK.sub(r"\1\n", f"{greeting}{rows}"))
    return f"{_OPENING}\n{section.strip()}\n{_CLOSING}\n"


_OPENING = '<mj-section css-class="card" background-color="#ffffff" padding="0">\n<mj-column>'
_CLOSING = "</mj-column>\n</mj-section>"


def _greeting(slots: "_Authored", language: str) -> str:
    """What the theme says before a lesson that does not greet, and not before an expert's."""
    say, name = words(language), MergeField("subscriber.first_name")
    hello = escape(say["hello"]).format(name=slots.text(name))
    row = [slots.opening(name.path), hello, slots.otherwise(), escape(say["hello_nobody"]), slots.closing()]
    return f'<mj-text css-class="tx" padding="0 32px 16px">{"".join(row)}</mj-text>\n'


class _Authored(Slots):
    """Slots that become what an author writes, not what is run."""

    def between(self, jinja: str) -> Markup:
        return Markup(self.code(jinja))  # noqa: S704 - a slot's own word

    def text(self, field: MergeField) -> str:
        fallback = f" | default({_quoted(field.fallback)}, true)" if field.fallback else ""
        return self.code(f"{{{{ {field.path}{fallback} }}}}")

    def address(self, field: MergeField, /, whole: bool) -> str:  # noqa: ARG002 - seen when it is compiled
        return self.code(f"{{{{ {field.path} }}}}")

    @staticmethod
    def condition(text: str) -> str:
        return text.strip()  # what can be read as a condition is Jinja2 and means the same there


def _quoted(text: str) -> str:
    """Without the quote that ends an attribute: a fallback has no quote of one kind."""
    return f"'{text}'" if "'" not in text else f'"{text}"'
