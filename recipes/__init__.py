"""How models that come with the project are made; not part of the package."""
