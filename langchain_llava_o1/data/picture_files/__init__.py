"""Where the pictures of data sets are, and what their files are called."""
