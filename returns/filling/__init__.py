"""Filling the funder's own workbook: only the mapped cells change, and a report proves it."""
