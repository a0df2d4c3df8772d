"""A search for agents: as a tool, as middleware of a model that cannot see, and as an MCP server."""
