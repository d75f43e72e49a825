"""What an application does while it is measured, one file per way of serving requests."""
