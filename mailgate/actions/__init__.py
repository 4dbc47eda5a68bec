"""One file per action: the grammar where it is ours (EXTENSION), and the planner (ACTION)."""
