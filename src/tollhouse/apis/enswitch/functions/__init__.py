"""The functions that are served: what each takes, who may call it, and what it answers with.

One table for all that reads it: requests are parsed by it, callers are let in by it, and the OpenAPI document is made
from it.
"""

from tollhouse.apis.enswitch.functions import charges, customers, taxes, transactions

FUNCTIONS = (
    *charges.FUNCTIONS,
    *taxes.FUNCTIONS,
    *transactions.FUNCTIONS,
    *customers.FUNCTIONS,
)
