"""What a data set is looked through for, a module for each kind of fault."""
