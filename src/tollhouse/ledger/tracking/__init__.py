"""What Beacon's callers tell of customers besides charges: who they are, what they did, their tags and page views."""
