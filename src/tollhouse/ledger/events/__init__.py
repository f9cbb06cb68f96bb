"""What is told to the outside: events, written in the same commit as the facts they tell of.

`emitting` writes an event and who is to get it; `objects` says what an event tells. Sending is a worker's.
"""
