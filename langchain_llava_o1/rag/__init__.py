"""Retrieval: folders of pictures and documents indexed, found again by text or picture, and asked about."""
