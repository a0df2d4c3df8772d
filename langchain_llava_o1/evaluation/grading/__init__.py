"""Grading answers: rules that read what is chosen, and models that read what rules cannot."""
