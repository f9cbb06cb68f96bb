"""From facts, refusals and troubles to Kelviq's wire, a file a noun."""
