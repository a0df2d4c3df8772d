"""Searches over staged answers. Read ``stage_beam`` first; the other modules are its parts."""
