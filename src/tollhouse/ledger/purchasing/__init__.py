"""Buying a plan once with a saved payment method: Kelviq's way.

Three steps. `starting` prices the purchase (`offers`), checks everything and commits the intent: a pending payment. A
gateway is called outside any unit of work. `settling` commits what it answered; an open outcome stays pending, is
claimed when its look-up is due, and settled by what the gateway then says. Everything that an answer prints is kept
with the payment (`purchase_details`), so that it can be told again for ever.
"""
