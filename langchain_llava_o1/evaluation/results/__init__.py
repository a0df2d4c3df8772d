"""What a folder of answers says: tables, and a page to look through."""
