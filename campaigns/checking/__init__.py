"""Checks before sending: what is wrong with a course's mails, each finding with its line and its mend.

`drafts` looks at a whole draft; `mail` and the modules of points look at one compiled mail, as a mail client
gets it. Those run in the killable child for mails that hold an author's own Jinja2 and CSS.
"""
