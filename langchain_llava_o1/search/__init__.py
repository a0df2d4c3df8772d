"""Searches over staged answers. Read ``stage_beam`` first, then ``contest``; the others are built alike."""
