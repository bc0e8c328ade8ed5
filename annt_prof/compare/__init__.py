"""What each variant is worth against the baseline, from paired rounds of several launches."""
