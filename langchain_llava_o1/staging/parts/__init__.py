"""The parts that an answer is written in: a stage, a sentence of one, several stages at once; a file each."""
