"""Searches over staged answers. Read ``stage_beam`` first, then ``builder`` and ``step``."""
