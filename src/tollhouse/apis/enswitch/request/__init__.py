"""From ENSwitch's wire to values and commands, by noun."""
