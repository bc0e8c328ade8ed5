"""The dashboard: lays views out in a terminal, and decides nothing."""
