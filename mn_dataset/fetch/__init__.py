"""Get a known corpus: from its addresses, a mirror or a folder, verified to the byte."""
