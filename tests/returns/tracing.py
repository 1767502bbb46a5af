"""What is asked of every figure of a return: that it says what it rests on."""

from returns.content import NUMERIC, Content


def without_trace(content: Content) -> list[str]:
    """The keys of the numbers that lead nowhere; there should be none."""
    return [row.key for row in content.figures() if row.unit in NUMERIC and row.value is not None and not row.trace]
