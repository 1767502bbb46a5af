"""The pages of results, a module a subject."""
