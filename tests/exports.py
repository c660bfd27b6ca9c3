"""Exports of posts as Substack and Ghost write them, made from a few lines."""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

WORDS = "A small habit needs a cue, a place and a time of day that comes by itself every single day. " * 4
_HEAD = (
    "post_id,post_date,is_published,email_sent_at,inbox_sent_at,type,audience,title,subtitle,podcast_url\n"
)
_PEOPLE = "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def substack(*titles: str, **more: bytes | str) -> bytes:
    """Published posts of these titles, a day after each other; a draft; and two readers."""
    rows, pages = "", {}
    for number, title in enumerate(titles, 1):
        key = f"{1000 + number}.{title.lower().replace(' ', '-')}"
        rows += f'{key},2026-02-{number:02}T08:00:00.000Z,true,,,newsletter,everyone,"{title}",,\n'
        pages[f"posts/{key}.html"] = f"<p>{WORDS}</p><h2>{title}, in short</h2><p>{WORDS}</p>"
    rows += "2000.draft,,false,,,newsletter,everyone,A draft,,\n"
    pages["posts/2000.draft.html"] = "<p>Not yet.</p>"
    people = "ana@example.org,false,,,false,2024-01-02T03:04:05.000Z,\n"
    return zipped({"posts.csv": _HEAD + rows, "email_list.sleep.csv": _PEOPLE + people, **pages, **more})


def ghost(*titles: str, **first: Any) -> bytes:
    """Published posts of these titles, a page and a draft. `first` overrides parts of the first."""
    rows = [
        {
            "uuid": f"uuid-{number}",
            "title": title,
            "slug": title.lower().replace(" ", "-"),
            "html": f'<p>{WORDS}</p><h2>{title}, in short</h2><p>{WORDS}</p><img src="__GHOST_URL__/x.png">',
            "status": "published",
            "type": "post",
            "published_at": f"2026-02-{number:02}T08:00:00.000Z",
        }
        for number, title in enumerate(titles, 1)
    ]
    rows[0] |= first
    about = {**rows[0], "uuid": "about", "title": "About", "slug": "about", "html": f"<p>{WORDS}</p>"}
    rows += [{**about, "type": "page"}, {**about, "uuid": "draft", "title": "A draft", "status": "draft"}]
    return json.dumps({"db": [{"meta": {"version": "5.9"}, "data": {"posts": rows}}]}).encode()
