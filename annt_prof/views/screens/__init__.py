"""What each screen of the dashboard shows, one file a screen, as pages that every face lays out."""
