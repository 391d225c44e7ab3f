"""Chunks to ranked passages; knows nothing of prompts or language models."""
