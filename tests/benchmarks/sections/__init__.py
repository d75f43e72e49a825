"""The parts of the full benchmark: each measures one question and renders its answer as Markdown."""
