"""The pages of returns, a module a subject."""
