"""People who log in, whichever door they come to: who they are, what they may, and what keeps others out.

Decides nothing about what is asked: a door says what it wants of whoever asks, and a Person tells whether they may.
"""
