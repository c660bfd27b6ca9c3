"""Settings: where they come from, and what a wrong one says."""

import re
from pathlib import Path

import pytest

from courseletter import config
from courseletter.errors import ConfigError
from courseletter.home import FILE_NAME, create_secret


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create_secret(tmp_path)
    return tmp_path


def write(home: Path, text: str) -> None:
    (home / FILE_NAME).write_text(text, encoding="utf-8")


def test_defaults_need_no_file(home: Path) -> None:
    settings = config.load(home)
    assert settings.database == f"sqlite:///{home / 'courseletter.db'}"
    assert settings.smtp.security == "starttls"


def test_the_environment_overrules_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home, 'base_url = "https://one.example.org"\n[smtp]\nhost = "a.example.org"\nport = 25\n')
    monkeypatch.setenv("COURSELETTER_SMTP_HOST", "b.example.org")
    settings = config.load(home)
    assert (settings.base_url, settings.smtp.host, settings.smtp.port) == (
        "https://one.example.org",
        "b.example.org",
        25,
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[smtp]\nport = 70000\n", "smtp.port"),
        ('base_url = "letters.example.org"\n', "base_url"),
        ('timezone = "Mars/Base"\n', "timezone"),
        ('[smtp]\nsecurity = "maybe"\n', "smtp.security"),
        ("[brand]\ncolour = 3\n", "brand.colour"),
        ('[sender]\nfrom_address = "letters.example.org"\n', "sender.from_address"),
        ('[sender]\nfrom_address = "a b@example.org"\n', "sender.from_address"),
        ('[sender]\nreply_to = "a@example.org>, b@example.org"\n', "sender.reply_to"),
        ('[sender]\nbounce_domain = "example.org>"\n', "sender.bounce_domain"),
    ],
)
def test_a_wrong_value_names_its_key_and_variable(home: Path, text: str, key: str) -> None:
    write(home, text)
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")) as caught:
        config.load(home)
    assert "\n" not in str(caught.value)


def test_a_wrong_password_is_not_shown(home: Path) -> None:
    write(home, "[smtp]\npassword = 12345\n")
    with pytest.raises(ConfigError) as caught:
        config.load(home)
    assert "12345" not in str(caught.value)


def test_broken_toml_is_one_line_with_its_place(home: Path) -> None:
    write(home, "[smtp\n")
    with pytest.raises(ConfigError, match="line 1"):
        config.load(home)


def test_an_empty_folder_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="courseletter init"):
        config.load(tmp_path / "nothing")


def test_the_secret_is_made_once_and_private(home: Path) -> None:
    path = home / "secret.key"
    before = path.read_text()
    create_secret(home)
    assert path.read_text() == before
    assert path.stat().st_mode & 0o077 == 0
    assert len(before) >= 32


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[mailbox]\nhost = "imap.example.org"\n', "mailbox.username"),
        ('[mailbox]\nhost = "imap.example.org"\nusername = "b"\n', "mailbox.password"),
        ('[mailbox]\nprotocol = "jmap"\n', "mailbox.protocol"),
        ("[mailbox]\nminutes = 0\n", "mailbox.minutes"),
        ("[bounces]\nlisten_port = 70000\n", "bounces.listen_port"),
        ('[bounces]\nfeedback_address = "nobody"\n', "bounces.feedback_address"),
        ('[bounces]\nhost_name = "-x-"\n', "bounces.host_name"),
        ('[webhooks]\nses_topic = "bounces"\n', "webhooks.ses_topic"),
        ('[webhooks]\nmailgun_secret = "short"\n', "webhooks.mailgun_secret"),
        ('[webhooks]\nsendgrid_public_key = "MFkw"\n', "webhooks.sendgrid_public_key"),
    ],
)
def test_a_wrong_setting_for_what_comes_back_names_its_key(home: Path, text: str, key: str) -> None:
    write(home, text)
    with pytest.raises(ConfigError, match=rf" {re.escape(key)}: ") as caught:
        config.load(home)
    assert "\n" not in str(caught.value)
    assert "short" not in str(caught.value)


def test_the_environment_names_settings_with_two_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSELETTER_BOUNCES_LISTEN_PORT", "2525")
    monkeypatch.setenv("COURSELETTER_WEBHOOKS_MAILGUN_SECRET", "key-0123456789abcdef")
    settings = config.load(home)
    assert settings.bounces.listen_port == 2525
    assert settings.webhooks.mailgun_secret is not None


def test_r09_the_senders_domains_are_a_labels(home: Path) -> None:
    """Else no mail could be written, and no key published: Message-ID, DKIM and return path name them."""
    write(
        home, '[sender]\nfrom_address = "letters@bücher.example"\nbounce_domain = "zurück.bücher.example"\n'
    )
    sender = config.load(home).sender
    assert (sender.from_address, sender.domain) == (
        "letters@xn--bcher-kva.example",
        "xn--bcher-kva.example",
    )
    assert sender.bounce_domain == "xn--zurck-mva.xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://münchen.de/ä/", "https://xn--mnchen-3ya.de/%C3%A4"),
        ("https://Letters.Example.org:8443/a%20b", "https://letters.example.org:8443/a%20b"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_r09_a_web_address_becomes_ascii(home: Path, written: str, meant: str) -> None:
    write(home, f'base_url = "{written}"\n')
    assert config.load(home).base_url == meant


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:99999",
        "http://localhost:abc",
        "https://ex ample.org",
        "https://a_b.example",
        "https://me:secret@example.org",
        "https://[::1",
        "https://[fe80::zz]",
        "ftp://example.org",
        "https://example.org?x=1",
    ],
)
def test_what_is_no_web_address_is_refused(home: Path, address: str) -> None:
    write(home, f'base_url = "{address}"\n')
    with pytest.raises(ConfigError, match="base_url: write the address people reach"):
        config.load(home)


def test_a_web_address_too_long_for_a_mail_header_is_refused_at_once(home: Path) -> None:
    longest = "https://letters.example.org/".ljust(config.LONGEST_BASE_URL, "x")
    write(home, f'base_url = "{longest}"\n')
    assert config.load(home).base_url == longest
    for longer in (f"{longest}x", longest[:-1] + "é"):
        write(home, f'base_url = "{longer}"\n')
        with pytest.raises(ConfigError, match="base_url: write a shorter address, of 800 characters"):
            config.load(home)


def test_bounces_have_a_domain_of_their_own_below_the_senders(home: Path) -> None:
    write(home, '[sender]\nfrom_address = "a@münchen.de"\n')
    assert config.load(home).sender.bounce_domain == "bounces.xn--mnchen-3ya.de"


@pytest.mark.parametrize(
    "address", ["a@b_c.example", "a@-b.example", "a@b..example", "a@", "@b.example", "a"]
)
def test_an_address_whose_domain_is_no_dns_name(home: Path, address: str) -> None:
    write(home, f'[sender]\nfrom_address = "{address}"\n')
    with pytest.raises(ConfigError, match="write an email address") as caught:
        config.load(home)
    assert "bounce_domain" not in str(caught.value)


def test_r16_a_sender_without_a_name_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSELETTER_BRAND_NAME", " ")
    with pytest.raises(ConfigError, match=r"^COURSELETTER_BRAND_NAME: write your name"):
        config.load(home)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('secret_key = "short"\n', "secret_key: the secret is in secret.key"),
        ('home = "/tmp"\n', "home: the data folder is the one this file lies in"),
        ("[smtp]\nport = true\n", "smtp.port: write a text or a number, not true or false"),
    ],
)
def test_settings_that_would_have_no_effect_are_refused(home: Path, text: str, said: str) -> None:
    write(home, text)
    with pytest.raises(ConfigError, match=said):
        config.load(home)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("DATABASE_URI", "Did you mean COURSELETTER_DATABASE_URL?"),
        ("BRAND", "no setting has this name"),
        ("XYZ", "no setting has this name"),
    ],
)
def test_a_mistyped_variable_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, advice: str
) -> None:
    monkeypatch.setenv(f"COURSELETTER_{name}", "x")
    with pytest.raises(ConfigError) as caught:
        config.load(home)
    assert str(caught.value).startswith(f"COURSELETTER_{name}: no setting has this name.")
    assert advice in str(caught.value)


def test_variables_that_others_set_are_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVICE_HOST", "PORT_8000_TCP", "CHROMIUM"):
        monkeypatch.setenv(f"COURSELETTER_{name}", "x")
    config.load(home)


def test_a_file_may_begin_with_a_byte_order_mark(home: Path) -> None:
    (home / FILE_NAME).write_bytes('\ufefftimezone = "Europe/Berlin"\n'.encode())
    assert config.load(home).timezone == "Europe/Berlin"


def test_a_secret_that_was_lost_is_not_called_a_new_folder(home: Path) -> None:
    write(home, 'timezone = "Europe/Berlin"\n')
    (home / "secret.key").unlink()
    with pytest.raises(ConfigError, match=r"secret\.key is missing\. Restore it from a backup"):
        config.load(home)


# --- Relays


def test_one_relay_needs_no_table_of_relays(home: Path) -> None:
    write(home, '[smtp]\nhost = "smtp.example.net"\nper_day = 500\n')
    (name, relay), *others = config.load(home).routes.items()
    assert (name, relay.host, relay.per_day, relay.per_second, others) == (
        *("smtp", "smtp.example.net", 500, None, []),
    )


def test_several_relays_are_tables(home: Path) -> None:
    write(
        home,
        '[relays.main]\nhost = "a.example.net"\nweight = 3\nwarm_up = 100\n'
        '[relays.backup]\nhost = "b.example.net"\n[domains]\ndefault = 20\n"Bücher.example" = 0.5\n',
    )
    settings = config.load(home)
    assert {name: (one.host, one.weight) for name, one in settings.routes.items()} == {
        "main": ("a.example.net", 3),
        "backup": ("b.example.net", 1),
    }
    assert settings.domains == {"default": 20, "xn--bcher-kva.example": 0.5}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[relays.main]\nport = 70000\n", "relays.main.port: write a number not above 65535"),
        ("[relays.main]\nwight = 3\n", "relays.main.wight: no setting has this name"),
        ("[relays.main]\nper_second = 0\n", "relays.main.per_second: write a number not below 0.01"),
        ("[relays.main]\nwarm_up = 2.5\n", "relays.main.warm_up: "),
        ("[relays.main]\nwarm_up = true\n", "relays.main.warm_up: write a text or a number"),
        ('[relays."Main 1"]\nhost = "a.test"\n', "relays: name relays in small letters"),
        ("[smtp]\nweight = 0\n", "smtp.weight: write a number not below 1"),
        ("relays = 3\n", "relays: write a table"),
        ("[domains]\ngmail.com = 5\n", 'domains: put the domain in quotation marks, as in "gmail.com" = 5'),
        ('[domains]\n"gmail.com" = "fast"\n', "domains.gmail.com: write a number"),
        ('[domains]\n"gmail.com" = 0\n', "domains: write messages a second"),
    ],
)
def test_a_wrong_relay_or_domain_names_its_key(home: Path, text: str, said: str) -> None:
    write(home, text)
    with pytest.raises(ConfigError, match=re.escape(f" {said}")):
        config.load(home)


def test_smtp_beside_relays_is_refused_and_no_password_shown(home: Path) -> None:
    write(home, '[smtp]\nhost = "a.test"\n[relays.main]\nhost = "b.test"\npassword = "hunter2hunter2"\n')
    with pytest.raises(ConfigError, match=r"\[relays\.smtp\]") as caught:
        config.load(home)
    assert "hunter2" not in str(caught.value)


def test_relays_may_come_from_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSELETTER_RELAYS", '{"main": {"host": "a.example.net", "password": "secret"}}')
    assert config.load(home).routes["main"].host == "a.example.net"
