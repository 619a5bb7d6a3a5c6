"""What is this package? A second client of wb1, written from docs/wb1.md and from nothing else."""
