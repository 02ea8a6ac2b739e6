"""The rules of other tools, simplified, one file each: learned from their sources, in words of our own."""
