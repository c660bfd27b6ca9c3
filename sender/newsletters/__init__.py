"""Sending newsletters: whom an issue reaches, its deliveries, its A/B test, what became of it."""
