"""What an answer is made of: stages, the parts that are written at once, transcripts, prompts."""
