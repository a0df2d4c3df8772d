"""Judges: what decides between two candidates of a stage."""
