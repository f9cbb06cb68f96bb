"""What the console's lists ask of the store: a page at a time by the place where the last one ended, by index."""
