"""Files on disk to chunks of text with exact places; knows nothing of vectors or models."""
