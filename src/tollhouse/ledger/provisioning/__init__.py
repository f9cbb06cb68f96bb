"""Provisioning a tenant from a file: idempotent, by natural keys, never resetting a balance or a secret."""
