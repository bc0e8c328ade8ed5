"""A traced step as a picture: lanes reduced to cells, what is looked for in them, what one is."""
