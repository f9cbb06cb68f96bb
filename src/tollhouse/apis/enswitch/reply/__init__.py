"""From facts, receipts and refusals to ENSwitch's wire, by noun."""
