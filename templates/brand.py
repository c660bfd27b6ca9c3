"""Who sends: the name, postal address and site that every message of a course carries."""

from dataclasses import dataclass

from courseletter.errors import InvalidInput


class MissingAddress(InvalidInput):
    """Mail without the sender's postal address is against the law (CAN-SPAM), so it is not even compiled."""

    def __init__(self) -> None:
        super().__init__(
            "The sender has no postal address, which every mail must show. "
            "Write it as `address` under [brand] in courseletter.toml.",
            field="address",
        )


@dataclass(frozen=True, slots=True)
class Brand:
    """The sender's identity. `address` is postal, in one or more lines; `url` is the site, or None."""

    name: str
    address: str
    url: str | None = None

    def require_address(self) -> None:
        """Raises MissingAddress when there is none."""
        if not self.address.strip():
            raise MissingAddress

    @property
    def address_line(self) -> str:
        """The postal address in one line."""
        return ", ".join(line.strip(" ,") for line in self.address.splitlines() if line.strip())
