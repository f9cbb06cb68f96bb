"""The catalog: what is sold, as its authors write it, and how a version of a plan comes into force.

Products and features are rows that change. A plan is written in versions (`versions`): its draft is edited (`plans`,
`prices`, `entitlements`) and published (`publishing`), which writes the rows that purchases read. It decides nothing
about a purchase: what a buyer gets and pays is said in `purchasing`.
"""
