"""What a search found, as an object and as a page to look at (read result.py first)."""
