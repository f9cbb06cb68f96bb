"""The reference in docs/reference/, written from the code: `make reference` writes it anew, a test holds it equal."""
