"""The workshop: the pages on which marketers make courses and admins guard the lists. A module a resource."""

from courseletter.web.admin import account, articles, courses, home, lessons, people, signing_in

ROUTERS = [module.router for module in (signing_in, home, courses, articles, lessons, account, people)]
