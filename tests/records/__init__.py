"""Decisions as they were made on the day they were captured, and the test that they replay to the same bytes."""
