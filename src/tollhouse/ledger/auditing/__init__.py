"""The audit log: what a command that somebody is answerable for changed, told in the same commit.

A command with an Actor that is carried out leaves one entry; a refused one, one that was only checked, and a replay
leave none. No entry holds a secret, and personal details of customers are masked: nothing in it ever has to be taken
back out.
"""
