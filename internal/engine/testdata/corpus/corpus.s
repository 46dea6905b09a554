// The bodies of functions that are linked by name are elsewhere.
