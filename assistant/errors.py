"""What can go wrong with a question, a model or a setting, and what to do about it.

AssistantError
├── QuestionRefused        empty, or longer than the limit
├── ModelMissing           no GGUF at the place
├── ModelUnusable          cut short, not a GGUF, wrong kind or architecture, hash differs
├── ContextTooSmall        not even one passage fits
├── BadSettings            an unknown key or a value out of range
├── BadAnswerFile          faju verify was given something that is not an answer
├── BadFacts               faju draft was given a fact that no letter asks for
├── PullFailed             a model could not be fetched, or is not what its source says
├── BadConversationFile    the file of saved conversations cannot be used
└── BadEvaluationFile      a question set with a wrong line; names line and field
"""

from __future__ import annotations


class AssistantError(Exception):
    """Base of the assistant room. ``str(error)`` is one line: what, where, what to do."""


class QuestionRefused(AssistantError):
    """The question is empty or too long."""


class ModelMissing(AssistantError):
    """No model file lies at the place."""


class ModelUnusable(AssistantError):
    """The file is no GGUF, is damaged, or holds a model that cannot chat."""


class ContextTooSmall(AssistantError):
    """The model's context cannot hold the question and one passage."""


class BadSettings(AssistantError):
    """A setting is unknown or out of range; the message names the key."""


class BadAnswerFile(AssistantError):
    """The file holds no answer of ours."""


class BadConversationFile(AssistantError):
    """The file of saved conversations is no database of ours, or is newer."""


class BadEvaluationFile(AssistantError):
    """A question set has a wrong line; the message names line and field."""


class BadFacts(AssistantError):
    """The facts of a letter hold an unknown key or a wrong value; the message names it."""


class PullFailed(AssistantError):
    """A model file could not be fetched or does not match its hash; the message says how to go on."""
