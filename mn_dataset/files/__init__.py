"""Write files, folders, journals and tables so that faults, kills and other processes spoil none.

Import from the modules: `atomic` (whole or not at all), `journal` (line by line), `lock` (one
command in a folder at a time), `cache`, `parquet`, `names`, `toml`.
"""
