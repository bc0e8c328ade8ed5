"""A check as pipelines read it: a comment, a test report, annotations. Pure functions of a view."""
