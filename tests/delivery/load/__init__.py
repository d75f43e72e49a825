"""Applications under load, as processes of their own: what faults cost them, and whether their memory stays flat."""
