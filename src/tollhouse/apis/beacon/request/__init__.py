"""From Beacon's wire to commands: a module a noun."""
