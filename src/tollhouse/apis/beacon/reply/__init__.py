"""To Beacon's wire: a module a noun."""
