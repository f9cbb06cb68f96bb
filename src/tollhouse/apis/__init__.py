"""HOW IT IS SPOKEN: one folder a wire, and the desk that all of them stand on.

Each wire turns requests into commands (`request.py`), receipts and refusals into replies (`reply.py`), and knows its
own paths (`routes.py`). Decides nothing about money, customers or time. No wire imports another.
"""
