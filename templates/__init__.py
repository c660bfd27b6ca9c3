"""How mail and pages look: the lesson dialect, MJML, and the two stages of rendering."""
