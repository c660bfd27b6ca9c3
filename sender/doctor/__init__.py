"""Whether mail providers will believe us: what Gmail, Yahoo and Microsoft ask of a sender, looked up."""
