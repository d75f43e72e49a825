"""One file per question; each check is a function from facts to findings. Pure."""
