"""What an installation is told: `courseletter.toml` in the data folder, overruled by `COURSELETTER_*`.

Read and validated once, at the edge; everything below is handed the values it needs.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from courseletter.config_values import ascii_address, host_name, mail_address, without_controls
from courseletter.errors import ConfigError, InvalidInput
from courseletter.home import FILE_NAME, SHORTEST_SECRET, home_folder, secret_of
from courseletter.zones import zone_named

LONGEST_BASE_URL = 800  # octets: its links stand in mail headers, whose lines have 998 at most (RFC 5322)
SHORTEST_SHARED_SECRET = 16  # of one that a provider made or keeps
SLOWEST_DOMAIN, FASTEST_DOMAIN = 0.02, 10_000  # messages a second

_ELSEWHERE = {  # settings that have no place in the file
    "home": "the data folder is the one this file lies in; COURSELETTER_HOME names another",
    "secret_key": "the secret is in secret.key, which only its owner can read",
}
# The browser and the pictures of our tests, and what Kubernetes sets for a service of our name.
_NOT_OURS = re.compile(r"COURSELETTER_(CHROMIUM|PICTURES|SERVICE_(HOST|PORT)(_\w+)?|PORT(_\w+)?)")
_RELAY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]{1,30}:\d{12}:[A-Za-z0-9_.-]{1,256}")


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_yes_or_no(cls, value: object) -> object:
        if isinstance(value, bool):  # Python would take true for the number 1
            raise ValueError("write a text or a number, not true or false")
        return value


Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Face = Literal["serif", "sans", "georgia", "humanist", "verdana"]  # as in templates/brand.py


class BrandSettings(Section):
    """Who the mail is from, as readers see it. The postal address is the law's (CAN-SPAM)."""

    name: str = "Courseletter"
    address: str = ""
    url: str | None = None
    logo: str | None = None  # the https address of a picture
    accent: Colour = "#17604f"  # of links and buttons
    accent_dark: Colour = "#86d3bb"  # the same in dark mode
    titles: Face = "serif"
    text: Face = "sans"
    footer: str = ""  # a line above the postal address

    @field_validator("logo")
    @classmethod
    def _picture(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith("https://") and " " not in value):
            raise ValueError("write the picture's whole address, with https://")
        return None if value is None else without_controls(value)

    @field_validator("footer")
    @classmethod
    def _footer_line(cls, value: str) -> str:
        return without_controls(value)

    @field_validator("name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value:
            raise ValueError("write your name, as readers see it: the law wants to know who sends")
        return without_controls(value)


class SenderSettings(Section):
    """The addresses on the envelope and in the header. Domains are A-labels (RFC 5890), however written.

    Bounces have a domain of their own, so that its MX and SPF records never meet those of the owner's mail.
    """

    from_address: str = "courses@localhost.localdomain"
    from_name: str | None = None
    reply_to: str | None = None
    bounce_domain: str = Field(default_factory=lambda given: f"bounces.{_domain_of(given['from_address'])}")
    unknown: Literal["retry_once", "hold"] = "retry_once"  # what becomes of a message that may have arrived
    doctor: Literal["warn", "block"] = "warn"  # what follows when DNS or a relay is set up badly
    deadline_hours: int = Field(default=48, ge=1, le=240)  # after the first attempt, nothing more is tried
    processes: int = Field(default_factory=_cores, ge=1, le=64)  # that send, at most, each on a core
    dkim_selector: str = Field(
        default="courseletter", pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
    )

    @field_validator("from_address", "reply_to")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        return None if value is None else mail_address(value)

    @field_validator("from_name")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        return None if value is None else without_controls(value)

    @field_validator("bounce_domain")
    @classmethod
    def _domain(cls, value: str) -> str:
        return host_name(value)

    @property
    def domain(self) -> str:
        return _domain_of(self.from_address)


class SmtpSettings(Section):
    """A smarthost that takes our mail. `security = "none"` is for a server on this machine only.

    What it may take has no limit unless one is set; a day is one of UTC.
    """

    host: str = "localhost"
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    oauth_token: SecretStr | None = None
    connections: int = Field(default=10, ge=1, le=200)  # open at once, and so the most that is ever in doubt
    weight: int = Field(default=1, ge=1, le=1000)  # its share of the load, beside the other relays'
    per_second: float | None = Field(default=None, ge=0.01, le=10_000)
    per_day: int | None = Field(default=None, ge=1)
    warm_up: int | None = Field(default=None, ge=1)  # messages on the first day, for a relay that is new
    warm_up_growth: float = Field(default=1.5, ge=1.01, le=10)  # from one day of sending to the next


class BouncesSettings(Section):
    """The mail server that takes bounces, where `listen_port` is set. `host_name` is its name in the DNS.

    `certificate` and `certificate_key` are PEM files, in the data folder unless they begin with a slash.
    """

    listen_host: str = "127.0.0.1"
    listen_port: int | None = Field(default=None, ge=1, le=65535)
    host_name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$")
    feedback_address: str | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None  # None: the key is in the certificate's file

    @field_validator("feedback_address")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        return None if value is None else mail_address(value)


class MailboxSettings(Section):
    """The mailbox that bounces are read from, where `host` is set. It should be used for nothing else."""

    protocol: Literal["imap", "pop3"] = "imap"
    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    username: str | None = Field(default=None, validate_default=True)
    password: SecretStr | None = Field(default=None, validate_default=True)
    folder: str = "INBOX"
    minutes: int = Field(default=5, ge=1, le=1440)

    @field_validator("host", "username", "folder")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        return None if value is None else without_controls(value)

    @field_validator("username", "password")
    @classmethod
    def _complete(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("host") and not value:
            raise ValueError("mailbox.host is set, so write this too")
        return value

    @property
    def usual_port(self) -> int:
        implicit = self.security == "tls"
        if self.protocol == "imap":
            return 993 if implicit else 143
        return 995 if implicit else 110


class ClicksSettings(Section):
    """Clicks on the links of lessons, where a course counts them. Results outlive them."""

    keep_days: int = Field(default=90, ge=1, le=3650)  # after these nobody can tell who clicked what


class WebhooksSettings(Section):
    """What proves that a provider's call is genuine. A provider whose key is not set is not listened to."""

    ses_topic: str | None = None
    mailgun_secret: SecretStr | None = None
    postmark_secret: SecretStr | None = None
    brevo_secret: SecretStr | None = None
    sendgrid_public_key: str | None = None

    @field_validator("mailgun_secret", "postmark_secret", "brevo_secret")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST_SHARED_SECRET:
            raise ValueError(f"write {SHORTEST_SHARED_SECRET} random characters or more")
        return value

    @field_validator("ses_topic")
    @classmethod
    def _arn(cls, value: str | None) -> str | None:
        if value is not None and not _TOPIC.fullmatch(value):
            raise ValueError("write the topic's ARN, like arn:aws:sns:eu-west-1:123456789012:bounces")
        return value

    @field_validator("sendgrid_public_key")
    @classmethod
    def _base64(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9+/]{100,400}={0,2}", value):
            raise ValueError("copy SendGrid's verification key, all of it and on one line")
        return value


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="COURSELETTER_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="forbid",
        frozen=True,
    )

    home: Path
    database_url: str = ""
    base_url: str = "http://127.0.0.1:8000"
    secret_key: SecretStr
    timezone: str = "UTC"
    language: str = "en"
    brand: BrandSettings = BrandSettings()
    sender: SenderSettings = SenderSettings()
    smtp: SmtpSettings = SmtpSettings()
    relays: dict[str, SmtpSettings] = {}
    domains: dict[str, float] = {}
    bounces: BouncesSettings = BouncesSettings()
    mailbox: MailboxSettings = MailboxSettings()
    webhooks: WebhooksSettings = WebhooksSettings()
    clicks: ClicksSettings = ClicksSettings()

    @field_validator("secret_key")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"write {SHORTEST_SECRET} random characters or more")
        return value

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        try:
            address = ascii_address(value)
        except ValueError:
            raise ValueError(
                "write the address people reach this server at, like https://letters.example.org"
            ) from None
        if len(address) > LONGEST_BASE_URL:
            raise ValueError(f"write a shorter address, of {LONGEST_BASE_URL} characters at most")
        return address

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return zone_named(value).key
        except InvalidInput as error:
            raise ValueError(str(error).rstrip(".")) from None

    @field_validator("relays")
    @classmethod
    def _named(cls, value: dict[str, SmtpSettings], info: ValidationInfo) -> dict[str, SmtpSettings]:
        for name in value:
            if not _RELAY_NAME.fullmatch(name):
                raise ValueError(f"name relays in small letters, digits and hyphens; {name[:60]!r} is none")
        if value and info.data.get("smtp") not in (None, SmtpSettings()):
            raise ValueError("[smtp] is set too; make that one of the relays, as [relays.smtp]")
        return value

    @field_validator("domains", mode="before")
    @classmethod
    def _quoted(cls, value: Any) -> Any:
        for name, rate in value.items() if isinstance(value, dict) else ():
            if isinstance(rate, dict):  # TOML takes the dot for a table within a table
                inner = next(iter(rate), "com")
                raise ValueError(f'put the domain in quotation marks, as in "{name}.{inner}" = 5')
        return value

    @field_validator("domains")
    @classmethod
    def _rates(cls, value: dict[str, float]) -> dict[str, float]:
        for name, rate in value.items():
            if not SLOWEST_DOMAIN <= rate <= FASTEST_DOMAIN:
                raise ValueError(
                    f"write messages a second, from {SLOWEST_DOMAIN} to {FASTEST_DOMAIN}, for {name[:60]}"
                )
        return {name if name == "default" else host_name(name.lower()): rate for name, rate in value.items()}

    @property
    def routes(self) -> dict[str, SmtpSettings]:
        """The relays that mail goes through, by name: those of [relays], else the one of [smtp]."""
        return self.relays or {"smtp": self.smtp}

    @property
    def database(self) -> str:
        """The database's address: the one configured, else the SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.home / 'courseletter.db'}"

    @property
    def takes_mail(self) -> bool:
        """Whether mail to the bounce domain is read, by the listener or from the mailbox."""
        return self.bounces.listen_port is not None or self.mailbox.host is not None

    @property
    def key(self) -> bytes:
        """The installation's secret: signs links, return paths and message ids."""
        return self.secret_key.get_secret_value().encode()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        home = Path(init_settings.init_kwargs["home"])  # type: ignore[attr-defined]
        return init_settings, env_settings, InitSettingsSource(settings_cls, _file(home / FILE_NAME))


def load(home: Path | None = None, options: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read and validate the settings of the installation in `home`.

    `options` names the overrides as the person knows them: {"brand.name": "--brand"}. Raises ConfigError
    naming each wrong key, where it was set, and what it should be.
    """
    home = home or home_folder()
    _check_variables()
    if "secret_key" not in overrides and not os.environ.get("COURSELETTER_SECRET_KEY"):
        overrides["secret_key"] = secret_of(home)
    try:
        return Settings(home=home, **overrides)
    except ValidationError as error:
        found = [one for one in error.errors() if one["type"] != "default_factory_not_called"]
        raise ConfigError(
            "; ".join(_explain(one, home / FILE_NAME, options or {}) for one in found)
        ) from None


def _check_variables() -> None:
    """Raise ConfigError for a variable that is meant for us and that nothing reads."""
    known = []
    for name, field in Settings.model_fields.items():
        section = field.annotation
        is_section = isinstance(section, type) and issubclass(section, Section)
        keys = [f"{name}_{key}" for key in section.model_fields] if is_section else [name]  # type: ignore[union-attr]
        known += [f"COURSELETTER_{key}".upper() for key in keys]
    for name in os.environ:
        if name.startswith("COURSELETTER_") and name not in known and not _NOT_OURS.fullmatch(name):
            near = get_close_matches(name, known, 1)
            advice = f"Did you mean {near[0]}?" if near else "Unset it, or correct its spelling."
            raise ConfigError(f"{name}: no setting has this name. {advice}")


def _file(path: Path) -> dict[str, Any]:
    """What the file says; nothing where there is none. Raises ConfigError."""
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors begin with a mark
    except ValueError as error:  # bytes that are no UTF-8, text that is no TOML
        raise ConfigError(f"{path} is not valid TOML: {error}. Mend that line.") from None
    for key, where in _ELSEWHERE.items():
        if key in values:
            raise ConfigError(f"{path}: {key}: {where}. Remove that line.")
    return values


# What a library calls wrong, in the words of somebody who edits a file.
_ADVICE = {
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "float_parsing": "write a number",
    "float_type": "write a number",
    "greater_than_equal": "write a number not below {ge}",
    "less_than_equal": "write a number not above {le}",
    "string_type": "write a text in quotation marks",
    "literal_error": "write {expected}",
    "string_pattern_mismatch": "write letters, digits and hyphens only",
}


def _explain(error: Any, path: Path, options: Mapping[str, str]) -> str:
    key = ".".join(str(part) for part in error["loc"])
    variable = "COURSELETTER_" + key.replace(".", "_").upper()
    if error["type"] == "extra_forbidden":
        return f"{path}: {key}: no setting has this name; remove it or correct its spelling"
    if error["type"] in ("model_type", "dict_type"):
        return f"{path}: {key}: write a table, a line [{key}] with its settings below"
    told = _ADVICE.get(error["type"], "")
    reason = told.format(**error.get("ctx", {})) if told else error["msg"].removeprefix("Value error, ")
    is_secret = any(word in key for word in ("password", "token", "secret"))
    is_secret = is_secret or isinstance(error["input"], dict)  # there may be one in it
    shown = reason if is_secret else f"{reason} (it is {error['input']!r})"
    if key in options:
        return f"{options[key]}: {shown}"
    if variable in os.environ:
        return f"{variable}: {shown}"
    if key.count(".") > 1:  # one of several relays: no variable reaches it
        return f"{path}: {key}: {shown}"
    return f"{path}: {key}: {shown}; set it there or as {variable}"
