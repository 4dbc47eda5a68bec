"""The pure core: no database, network, clock, thread or file; what it needs to know is handed in."""
