"""The parts of the instrumentation of files: what is patched, which files count, the life of an open file."""
