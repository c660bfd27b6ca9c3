"""The addresses that a mail links to. The public pages answer exactly these (courseletter/web/public.py)."""

from dataclasses import dataclass

from subscribers.tokens import Purpose, Tokens


@dataclass(frozen=True, slots=True)
class Links:
    """Builds links under the installation's public address, signed for one reader."""

    base_url: str
    tokens: Tokens

    def sign_up(self, slug: str) -> str:
        return f"{self.base_url}/c/{slug}"

    def newsletter(self, slug: str) -> str:
        """The page of a newsletter: to sign up, and if it has an archive, its issues and their feed."""
        return f"{self.base_url}/n/{slug}"

    def confirm(self, list_id: int, subscriber_id: int) -> str:
        return f"{self.base_url}/confirm/{self.tokens.make(Purpose.CONFIRM, list_id, subscriber_id)}"

    def unsubscribe(self, list_id: int, subscriber_id: int) -> str:
        return f"{self.base_url}/unsubscribe/{self.tokens.make(Purpose.UNSUBSCRIBE, list_id, subscriber_id)}"

    def click(self, link_id: int) -> str:
        """Where a stored link is counted and led on; click_token() of the reader's mail follows."""
        return f"{self.base_url}/go/{link_id}/"

    def click_token(self, delivery_id: int) -> str:
        return self.tokens.make(Purpose.CLICK, delivery_id)

    def read(self, delivery_id: int) -> str:
        """An issue as it was sent to its reader, in the browser."""
        return f"{self.base_url}/read/{self.tokens.make(Purpose.READ, delivery_id)}"

    def learn(self, enrolment_id: int) -> str:
        """The reader's own page of a course. Below it are /next, /pause and /lessons/<lesson id>."""
        return f"{self.base_url}/learn/{self.tokens.make(Purpose.LEARN, enrolment_id)}"
