"""Training data: sets of questions about pictures with their answers, and what is done with them."""
