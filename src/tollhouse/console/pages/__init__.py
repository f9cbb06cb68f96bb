"""One file a noun: what its pages show, and what their forms do."""
