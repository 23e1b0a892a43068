"""One file per known corpus, each with its ``SPEC``; `mn_dataset.catalogue.registry` lists them."""
