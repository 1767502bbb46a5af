"""Measures of speed, run by hand; each says how."""
