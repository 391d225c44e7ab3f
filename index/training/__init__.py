"""How the built-in embedder and the tuned constants were made. Nothing here runs when a user searches."""
