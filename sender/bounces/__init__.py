"""What comes back: bounces, complaints and wishes to leave, from whichever side they arrive.

Mails reach `Intake` through the listener or a mailbox, providers' calls through the web. They are read to a
Report (pure), the report is believed only if it carries a token of ours (naming), and recorded once.
"""
