"""The commands of ``faju``, a module each. Every heavy import stands inside the command that needs it."""
