"""How mail leaves: the ledger of deliveries, the message's bytes, the SMTP conversation."""
