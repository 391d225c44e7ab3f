"""Answers judged against a question set. The file list is the pipeline: cases, running, measures, statistics,
comparing, reporting, gate. ``assistant/commands/evaluation.py`` gives each a command.
"""
