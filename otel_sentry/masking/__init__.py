"""Which secrets there are, and what leaves in their place. Knows no other room; every room may use it. Pure."""
