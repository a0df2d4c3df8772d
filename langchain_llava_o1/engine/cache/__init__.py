"""What was computed and is kept: keys and values of text and of pictures."""
