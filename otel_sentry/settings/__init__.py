"""One frozen class of settings; the only room that reads the environment."""
