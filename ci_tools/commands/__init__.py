"""The commands of the command line: each takes its arguments and returns what the process should exit with."""
