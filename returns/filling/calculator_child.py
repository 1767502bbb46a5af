"""Run as a program of its own: a workbook's formulas calculated, as they stand and once some cells are filled.

The calculator reads a stranger's file and may be brought to its knees by it; here that ends only this child, which
has its own limits. It is given {"path", "formulas", "filled", "wanted"} as JSON and answers {"before", "after"}:
lists of [type, value], where the type is Excel's letter for it (n, str, b, e).
"""

import json
import resource
import sys
from typing import Any

MEMORY_BYTES = 2 << 30
PROCESSOR_SECONDS = 60
LETTERS = {"Number": "n", "Text": "str", "LogicalValue": "b", "ErrorValue": "e"}


def values(model: Any, numbers: dict[str, int], places: list[list[Any]]) -> list[list[Any]]:
    found = []
    for sheet, row, column in places:
        at = numbers[sheet]
        kind = str(model.get_cell_type(at, row, column)).rpartition(".")[2]
        found.append([LETTERS.get(kind, ""), model.get_cell_value(at, row, column)])
    return found


def calculated(asked: dict[str, Any]) -> dict[str, Any]:
    import ironcalc

    model = ironcalc.load_from_xlsx(asked["path"], "en", "UTC", "en")
    numbers = {sheet["name"]: at for at, sheet in enumerate(model.get_worksheets_properties())}
    model.evaluate()
    before = values(model, numbers, asked["formulas"])
    for sheet, row, column, kind, value in asked["filled"]:
        at = numbers[sheet]
        if kind == "number":
            model.update_cell_with_number(at, row, column, float(value))
        elif kind == "text":
            model.update_cell_with_text(at, row, column, value)
        else:
            model.clear_cell_contents(at, row, column)
    model.evaluate()
    return {"before": before, "after": values(model, numbers, asked["wanted"])}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(calculated(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
