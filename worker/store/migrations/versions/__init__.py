"""One file per change of the schema. A published one is never edited."""
