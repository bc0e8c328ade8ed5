"""What views say in words: sentences that several faces print."""
