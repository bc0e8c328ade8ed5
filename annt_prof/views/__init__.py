"""Everything that a face prints, as frozen values."""
