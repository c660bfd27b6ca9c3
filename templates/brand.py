"""Who sends: the name, postal address and site that every message of a course carries, and its looks."""

import re
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from courseletter.errors import InvalidInput

# The theme's templates are written in these; a brand's own take their place (`dressed`).
ACCENT: Final = "#17604f"
ACCENT_DARK: Final = "#86d3bb"
CARD: Final = "#ffffff"
CARD_DARK: Final = "#1b2322"
SERIF: Final = "'Iowan Old Style','Palatino Linotype',Palatino,P052,Georgia,serif"
SANS: Final = "-apple-system,'Segoe UI',Roboto,Inter,'Noto Sans',sans-serif"

Face = Literal["serif", "sans", "georgia", "humanist", "verdana"]
# Mail programs load no fonts, so each face is what computers and phones have already.
FACES: Final[dict[Face, str]] = {
    "serif": SERIF,
    "sans": SANS,
    "georgia": "Georgia,Cambria,'Times New Roman',serif",
    "humanist": "Optima,Candara,'Gill Sans','Noto Sans',sans-serif",
    "verdana": "Verdana,Geneva,'DejaVu Sans',sans-serif",
}
# The theme's two, as its templates and the compiler write them.
_THEME_FACES: Final = re.compile(
    "|".join(r",\s*".join(map(re.escape, face.split(","))) for face in (SERIF, SANS))
)


class MissingAddress(InvalidInput):
    """Mail without the sender's postal address is against the law (CAN-SPAM), so it is not even compiled."""

    def __init__(self) -> None:
        super().__init__(
            "The sender has no postal address, which every mail must show. "
            "Write it as `address` under [brand] in courseletter.toml, or in the workshop: Settings, Brands.",
            field="address",
        )


@dataclass(frozen=True, slots=True)
class Brand:
    """The sender's identity. `address` is postal, in one or more lines; `url` is the site, or None.

    `accent` colours links and buttons, `accent_dark` those in dark mode, both #rrggbb. `logo` is a picture's
    address, `logo_alt` what it says to who does not see it; `footer` stands above the postal address;
    `titles` and `text` name faces. `from_name`, `from_local` (what stands before the @) and `reply_to` are
    the mail's; "" where the settings' [sender] says it.
    """

    name: str
    address: str
    url: str | None = None
    logo: str | None = None
    accent: str = ACCENT
    accent_dark: str = ACCENT_DARK
    titles: Face = "serif"
    footer: str = ""
    text: Face = "sans"
    logo_alt: str = ""
    from_name: str = ""
    from_local: str = ""
    reply_to: str = ""

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Brand":
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def require_address(self) -> None:
        """Raises MissingAddress when there is none."""
        if not self.address.strip():
            raise MissingAddress

    @property
    def address_line(self) -> str:
        """The postal address in one line."""
        return ", ".join(line.strip(" ,") for line in self.address.splitlines() if line.strip())

    @property
    def own_looks(self) -> bool:
        """Whether its colours or faces are other than the theme's."""
        faces = (self.titles, self.text)
        return faces != ("serif", "sans") or (self.accent, self.accent_dark) != (ACCENT, ACCENT_DARK)

    @property
    def soft(self) -> str:
        """The ground of a takeaway: the accent, very light."""
        return _mixed(self.accent, CARD, 0.12)

    @property
    def soft_dark(self) -> str:
        return _mixed(self.accent_dark, CARD_DARK, 0.14)

    def dressed(self, html: str) -> str:
        """A mail of the theme in this brand's colours and faces."""
        if not self.own_looks:
            return html
        html = _THEME_FACES.sub(lambda found: self._face(found[0]), html)
        own = {
            ACCENT: self.accent,
            ACCENT_DARK: self.accent_dark,
            "#e4f1ec": self.soft,
            "#17362e": self.soft_dark,
            "#8fbfae": _mixed(self.accent, CARD, 0.45),
            "#3f7868": _mixed(self.accent_dark, CARD_DARK, 0.5),
        }
        for theme, colour in own.items():
            html = html.replace(theme, colour)
        return html

    def _face(self, stack: str) -> str:
        """What stands here for one of the theme's two faces."""
        return FACES[self.titles if "Palatino" in stack else self.text]


def face_of(name: str) -> Face | None:
    return next((face for face in get_args(Face) if face == name), None)


def _mixed(colour: str, ground: str, share: float) -> str:
    """Some of a colour over an opaque one, both #rrggbb."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + "".join(f"{round(top * share + below * (1 - share)):02x}" for top, below in pairs)
