"""Files that data sets are read from, a module for each kind and what reads them."""
