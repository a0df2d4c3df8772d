"""Making a training set: a teacher writes staged answers to questions whose answer is known."""
