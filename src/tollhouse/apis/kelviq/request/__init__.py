"""From Kelviq's wire to commands and queries, a file a noun."""
