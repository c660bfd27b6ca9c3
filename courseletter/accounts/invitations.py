"""Links that let a person in once: the first owner, a new colleague, whoever forgot their password."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from courseletter.accounts import bearer, passwords, sessions
from courseletter.accounts.models import Invitation, Role, User
from courseletter.accounts.signing_in import find_user, key_of
from courseletter.errors import InvalidInput, NotFound
from subscribers.addresses import check_address
from subscribers.names import check_name

LASTING: Final = timedelta(days=2)

_OVER: Final = "This link was used already, or it is too old. Ask for a new one."


def invite_first_owner(session: Session, now: datetime) -> str | None:
    """The link's token for whoever reads the console; None where somebody works here already."""
    if session.scalar(select(func.count()).select_from(User)):
        return None
    session.execute(delete(Invitation).where(Invitation.email == ""))  # the last start's link ends here
    return _invite(session, now, role=Role.OWNER)


def invite(session: Session, email: str, name: str, role: Role, now: datetime) -> str:
    """The token for a new colleague. Raises InvalidInput where the address is wrong or works here already."""
    address = str(check_address(email))
    if find_user(session, address) is not None:
        raise InvalidInput(f"{address} works here already. Send a new link instead.", field="email")
    session.execute(delete(Invitation).where(Invitation.email == address))
    return _invite(session, now, email=address, name=check_name(name, "name"), role=role)


def invite_back(session: Session, user: User, now: datetime) -> str:
    """The token that sets a user's new password; their old one holds until it is used."""
    session.execute(delete(Invitation).where(Invitation.user_id == user.id))
    return _invite(session, now, email=user.email, name=user.name, role=user.role, user_id=user.id)


def find(session: Session, token: str, now: datetime) -> Invitation:
    """Raises NotFound for a link that was used, is too old, or never was one of ours."""
    found = session.get(Invitation, bearer.digest_of(token))
    if found is None or found.ends_at <= now:
        raise NotFound(_OVER)
    return found


def waiting(session: Session, now: datetime) -> Sequence[Invitation]:
    """The colleagues who were asked in and have not come yet, the newest last."""
    open_ones = select(Invitation).where(
        Invitation.user_id.is_(None), Invitation.email != "", Invitation.ends_at > now
    )
    return session.scalars(open_ones.order_by(Invitation.ends_at, Invitation.email)).all()


def accept(
    session: Session, invitation: Invitation, *, email: str, name: str, password: str, now: datetime
) -> User:
    """Set the password, for a new user or an old one, whose sessions end. The link is used up.

    Raises InvalidInput, and then nothing was changed. A second factor stays asked for.
    """
    user = invitation.user
    address = invitation.email or str(check_address(email))
    known_as = check_name(name, "name") or address
    passwords.check(password, address)
    used = delete(Invitation).where(Invitation.digest == invitation.digest)
    if session.execute(used.returning(Invitation.digest)).first() is None:
        raise NotFound(_OVER)  # of two who press at once, one is let in
    if user is None:
        user = User(
            email=address,
            email_key=key_of(address),
            name=known_as,
            role=invitation.role,
            created_at=now,
        )
        session.add(user)
    else:
        sessions.end_others(session, user)
    user.password_hash = passwords.hashed(password)
    session.flush()
    return user


def _invite(
    session: Session,
    now: datetime,
    *,
    role: Role,
    email: str = "",
    name: str = "",
    user_id: int | None = None,
) -> str:
    token = bearer.fresh()
    session.add(
        Invitation(
            digest=bearer.digest_of(token),
            email=email,
            name=name,
            role=role,
            user_id=user_id,
            ends_at=now + LASTING,
        )
    )
    session.flush()
    return token
