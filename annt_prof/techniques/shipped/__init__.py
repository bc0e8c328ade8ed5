"""Our own techniques, one file each; the folder is the list."""
