"""What a reporter types, read or refused in words."""

from types import SimpleNamespace

from kpis.answers import _Reader


def test_a_middle_value_of_no_cases_is_refused_in_words() -> None:
    slot = SimpleNamespace(name="Days to first contact", code="CHB-15", columns=("median", "n"))
    reader = _Reader(slot, {"median": "6", "n": "0"})
    assert reader._numbers(str, optional=("median",)) == {"median": 600, "n": 0}
    assert [problem.where for problem in reader.problems] == ["median"]
    assert "no middle value of no cases" in reader.problems[0].message
