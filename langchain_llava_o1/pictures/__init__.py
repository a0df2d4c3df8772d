"""Pictures from outside: read within limits, and only from places that are allowed."""
