"""What is sent when, and what an answer means. Pure: the fleet simulation runs exactly this code."""
