"""argparse's own words in Chinese: help headings and what is wrong with a usage."""

from __future__ import annotations

import argparse
import errno
import re
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from app.messages import sentence

# What argparse (Python 3.11 to 3.13) says, and how we say it; what isn't here stays as it is.
_SAID = (
    (r"the following arguments are required: (.*)", r"缺少 \1"),
    (r"one of the arguments (.*) is required", r"\1 要写一个"),
    (r"argument (.*): expected (?:one|at least one|at most one|\d+) arguments?", r"\1 后面要写内容"),
    (r"argument (.*): invalid choice: (.*?) \(choose from (.*)\)", r"\1 没有 \2，可用的有 \3"),
    (r"argument (.*): not allowed with argument (.*)", r"\1 不能与 \2 同时写"),
    (r"argument (.*): invalid \w+ value: (.*)", r"\1 的值 \2 不对"),
    (r"argument (.*): ignored explicit argument (.*)", r"\1 后面不要写内容 \2"),
    (r"unrecognized arguments: (.*)", r"不认识 \1"),
    (r"ambiguous option: (.*) could match (.*)", r"\1 不明确，可能是 \2"),
    (r"argument (.*?): (.*)", r"\1：\2"),
)
_SYSTEM = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径里有一段不是文件夹",
    errno.EEXIST: "已经有同名的文件",
    errno.ENOSPC: "磁盘满了",
    errno.EROFS: "磁盘是只读的",
    errno.EADDRINUSE: "端口已被占用",
}


class _Help(argparse.HelpFormatter):
    def add_usage(
        self, usage: str | None, actions: Iterable[Any], groups: Iterable[Any], prefix: str | None = None
    ) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """Wrong usage is told in one line, in Chinese, with exit code 2."""

    def __init__(self, *, add_help: bool = True, **options: Any) -> None:
        super().__init__(**{**options, "add_help": False, "formatter_class": _Help, "allow_abbrev": False})
        self._positionals.title, self._optionals.title = "参数", "选项"
        if add_help:
            self.add_argument("-h", "--help", action="help", default=argparse.SUPPRESS, help="显示这份说明")

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with exit code 2."""
        self.print_usage(sys.stderr)
        sys.stderr.write(sentence("command.usage", message=said(message), prog=self.prog) + "\n")
        raise SystemExit(2)


def said(message: str) -> str:
    """An argparse message in Chinese."""
    for pattern, words in _SAID:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            return found.expand(words)
    return message


def told(bad: OSError) -> str:
    """What the system refused, in Chinese, with the file's name where it has one."""
    where = f"（{bad.filename}）" if bad.filename else ""
    return f"{_SYSTEM.get(bad.errno or 0, f'错误号 {bad.errno}')}{where}"
