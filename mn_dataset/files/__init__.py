"""Write, read and lock files and folders: the plumbing of disks, written once."""
