"""The statements behind the ledger's ports for reading, one file a noun; in `console` those of the console alone."""
