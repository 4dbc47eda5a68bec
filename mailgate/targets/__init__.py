"""One file per kind of destination, each exporting TARGET."""
