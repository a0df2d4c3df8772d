"""Teaching the embedded model a kind of question that it does not know, as anyone would teach theirs."""
