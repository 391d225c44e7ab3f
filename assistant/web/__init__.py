"""The page: a Gradio application on this machine's own address. Gradio is imported nowhere else."""
