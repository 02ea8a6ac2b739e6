"""Results that other tools wrote: each format is read as a stream and becomes the same values; no file is opened."""
