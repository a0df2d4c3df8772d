"""Judges: what decides between candidates; ``catalogue`` lists those that have a name."""
