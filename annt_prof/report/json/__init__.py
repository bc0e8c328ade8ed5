"""The answers as JSON documents, with keys that stay."""
