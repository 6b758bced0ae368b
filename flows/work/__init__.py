"""The worker: it runs what is scheduled, each run forked from a program that has imported everything once."""
