"""Charges on customers and plans: made, rehearsed, charged by hand, and charged when they fall due."""
