"""Who is taught: subscribers, their lists, and what they agreed to."""
