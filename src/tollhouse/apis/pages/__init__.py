"""Pages for those who pay: a checkout for one purchase, and a portal. Plain HTML forms, without scripts."""
