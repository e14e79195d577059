"""What each task asks of a model, may be told by it, and keeps: a module and a row of `table` each."""
