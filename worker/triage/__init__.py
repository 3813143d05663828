"""What an event tells about its bug: the pure judgements that the mapping and the flow ask for."""
