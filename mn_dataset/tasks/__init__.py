"""One file per task, each with its ``SPEC``; `mn_dataset.tasks.registry` lists them."""
