"""What mail providers tell by HTTP: a module each. A call is checked, then read to reports; pure but for SNS.

Providers rename and rewrite what we send, so each module also knows where our own names survive.
"""
