"""`township apply`: operations from a file, one a line, each a save of its own."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.command.desk import Desk
from app.errors import KnownError

if TYPE_CHECKING:
    from app.services.office import Office
    from app.services.records import Outcome

HELP = "照文件逐行执行操作（JSON Lines）"


def add(parser: argparse.ArgumentParser, _common: argparse.ArgumentParser) -> None:
    """The subcommand's own arguments."""
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")


def run(args: argparse.Namespace, desk: Desk) -> int:
    """Do every line, in order; a line that fails holds up no other. Exit 1 where one failed, 4 where only rights were missing."""
    try:
        lines = args.file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as bad:
        raise KnownError("command.file_missing", path=args.file) from bad
    except UnicodeDecodeError as bad:
        raise KnownError("forms.not_text", file=args.file.name) from bad
    office = desk.open_office()
    known: dict[str, str] = {}
    results = [_line(office, number, line, known) for number, line in enumerate(lines, 1) if line.strip()]
    desk.answer(
        {"results": results},
        "\n".join(f"第 {r['line']} 行：{'成了 ' + str(r['id']) if r['ok'] else r['message']}" for r in results),
    )
    failed = [result for result in results if not result["ok"]]
    if failed and all(result["code"].startswith("rules.denied") for result in failed) and len(failed) == len(results):
        return 4
    return 1 if failed else 0


def _line(office: Office, number: int, line: str, known: dict[str, str]) -> dict[str, Any]:
    record_id: str | None = None
    rev: int | None = None
    code = message = ""
    try:
        task = _read(line)
        if not isinstance(task, dict) or task.get("op") not in _OPERATIONS:
            raise KnownError("command.line_wrong", detail=f"op 只能是 {'、'.join(_OPERATIONS)}")
        outcome = _OPERATIONS[task["op"]](office, _with_ids(task, known))
        if outcome.faults:
            code = outcome.faults[0].code
            message = "；".join(fault.message for fault in outcome.faults)
        elif outcome.record is not None:
            record_id, rev = outcome.record.id, outcome.record.rev or None
            if task.get("ref"):
                known[str(task["ref"])] = record_id
    except KnownError as bad:
        code, message = bad.code, str(bad)
    except (ValueError, KeyError, TypeError) as bad:
        detail = f"缺少 {bad}" if isinstance(bad, KeyError) else str(bad)
        wrong = KnownError("command.line_wrong", detail=detail)
        code, message = wrong.code, str(wrong)
    return {"line": number, "ok": not code, "id": record_id, "rev": rev, "code": code, "message": message}


def _read(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as bad:
        raise KnownError("command.line_wrong", detail="不是 JSON") from bad


def _with_ids(task: dict[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """*task* with every "@a" replaced by the record that the line with ref "a" made."""

    def real(value: Any) -> Any:
        if isinstance(value, str) and value.startswith("@") and value[1:] in known:
            return known[value[1:]]
        return value

    made = {key: real(value) for key, value in task.items()}
    if isinstance(made.get("values"), dict):
        made["values"] = {key: real(value) for key, value in made["values"].items()}
    return made


def _save(office: Office, task: Mapping[str, Any]) -> Outcome:
    form, values = str(task["form"]), dict(task.get("values") or {})
    if form == "event" and not task.get("id"):
        # An event begins as a draft; `act` with "report" brings it to the first desk.
        return office.cases.keep(values, area=str(task.get("area") or ""))
    return office.records.save(form, values, record_id=task.get("id"), area=str(task.get("area") or ""))


def _delete(office: Office, task: Mapping[str, Any]) -> Outcome:
    from app.services.records import Outcome

    return Outcome(office.records.delete(str(task["form"]), str(task["id"]), str(task["reason"])))


def _act(office: Office, task: Mapping[str, Any]) -> Outcome:
    return office.cases.act(str(task["case"]), str(task["action"]), dict(task.get("values") or {}))


def _attach(office: Office, task: Mapping[str, Any]) -> Outcome:
    kind, name = task.get("kind"), str(task.get("name") or "")
    return office.attachments.add(
        str(task["form"]), str(task["id"]), Path(str(task["file"])), kind=str(kind) if kind else None, name=name
    )


_OPERATIONS: dict[str, Callable[[Office, Mapping[str, Any]], Outcome]] = {
    "save": _save,
    "delete": _delete,
    "act": _act,
    "attach": _attach,
}
