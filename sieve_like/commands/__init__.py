"""The commands of `sieve-like`, a file each: they read files and print; what they show is made elsewhere."""
