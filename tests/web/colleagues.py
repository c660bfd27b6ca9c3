"""Somebody who works here, for tests: a signed-in browser that fills in the token of its forms."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from courseletter.accounts import passwords, sessions
from courseletter.accounts.models import Role, User
from courseletter.installation import Installation

HOST = "https://letters.example.org"
PASSWORD = "three plain words"
COOKIE = "__Host-courseletter"


@cache
def password_hash() -> str:
    """Made once: each takes as long as it should."""
    return passwords.hashed(PASSWORD)


def add_user(installation: Installation, role: str = "owner", email: str = "", **columns: Any) -> User:
    email = email or f"{role}@example.org"
    with installation.database.write() as session:
        user = User(
            email=email,
            email_key=email.casefold(),
            name=columns.pop("name", role.capitalize()),
            role=Role(role),
            password_hash=password_hash(),
            created_at=installation.clock.now(),
            **columns,
        )
        session.add(user)
    return user


class Colleague:
    """A browser; signed in unless it has no user."""

    def __init__(self, app: FastAPI, installation: Installation, user: User | None = None) -> None:
        self.client = TestClient(app, base_url=HOST, client=("192.0.2.9", 50000), follow_redirects=False)
        self.user = user
        self.session_id = ""
        if user is not None:
            with installation.database.write() as session:
                self.session_id = sessions.begin(session, user, installation.clock.now())
            self.client.cookies.set(COOKIE, self.session_id, domain="letters.example.org")

    @property
    def token(self) -> str:
        return sessions.form_token(self.session_id)

    def get(self, path: str, **options: Any) -> Response:
        return self.client.get(path, **options)

    def post(self, path: str, origin: str = HOST, files: Any = None, **fields: Any) -> Response:
        """Press a button of ours."""
        return self.send("POST", path, origin, files, **fields)

    def send(self, method: str, path: str, origin: str = HOST, files: Any = None, **fields: Any) -> Response:
        data = {"form_token": self.token, **fields}
        return self.client.request(method, path, data=data, files=files, headers={"Origin": origin})

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> Response:
        data = {"email": email, "password": password, **fields}
        response = self.client.post("/sign-in", data=data, headers={"Origin": HOST})
        self.session_id = self.client.cookies.get(COOKIE, "")
        return response
