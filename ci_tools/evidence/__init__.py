"""Events, the journal they stand in, and the redactor that every byte passes."""
