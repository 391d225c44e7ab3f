"""Passages to a verified answer, and the ways to ask: command line, page, evaluation."""
