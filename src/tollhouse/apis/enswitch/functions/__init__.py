"""The functions that are served: what each takes, who may call it, and what it answers with.

One table for all that reads it: requests are parsed by it, callers are let in by it, and the OpenAPI document is made
from it.
"""

from tollhouse.apis.enswitch.functions import (
    charges,
    customers,
    invoices,
    people,
    plans,
    products,
    roles,
    taxes,
    transactions,
    user,
)

FUNCTIONS = (
    *charges.FUNCTIONS,
    *taxes.FUNCTIONS,
    *transactions.FUNCTIONS,
    *customers.FUNCTIONS,
    *plans.FUNCTIONS,
    *products.FUNCTIONS,
    *invoices.FUNCTIONS,
    *user.FUNCTIONS,
    *people.FUNCTIONS,
    *roles.FUNCTIONS,
)
