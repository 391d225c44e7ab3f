"""Answers judged against a question set. The file list is the pipeline: cases, running, measures, statistics,
comparing, reporting, gate, and a judge for who wants one. ``assistant/commands/evaluation.py`` gives each a command.
"""
