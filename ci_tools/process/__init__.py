"""A process and what is around it: the parent that it ends with, signals that ask it to stop, its standard streams."""
