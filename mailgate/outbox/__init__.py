"""Mail goes out after the 250: composing, the retry schedule, the worker."""
