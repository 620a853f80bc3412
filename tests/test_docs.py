"""The documents tell the truth: their programs check, and their commands print what is shown.

A block of Stan whose first line is `// name.ppl` is a file for the commands. `stan old` marks a program with warnings.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ppl_cli.language import check, parse
from ppl_cli.model.library import LIBRARY

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(?P<marks>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"// (?P<name>\w+\.ppl)\n")
# What a reader may see otherwise: draws and times, and a program that is not shown.
_NOT_RUN = ("ppl sample", "ppl prior", "typo.ppl")


@dataclass(frozen=True)
class Block:
    document: Path
    line: int
    marks: tuple[str, ...]
    text: str

    @property
    def name(self) -> str:
        return f"{self.document.name}:{self.line}"


def blocks(document: Path, language: str) -> list[Block]:
    text = document.read_text(encoding="utf-8")
    found = (
        Block(document, text.count("\n", 0, match.start()) + 1, tuple(match["marks"].split()), match["text"])
        for match in _BLOCK.finditer(text)
    )
    return [block for block in found if block.marks[:1] == (language,)]


PROGRAMS = [block for document in DOCUMENTS for language in ("stan", "ppl") for block in blocks(document, language)]
COMMANDS = [
    block
    for document in DOCUMENTS
    for block in blocks(document, "console")
    if not any(words in block.text for words in _NOT_RUN)
]


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: block.name)
def test_programs_check(block: Block) -> None:
    checked = check(parse(block.text, block.name), LIBRARY)
    assert bool(checked.warnings) == ("old" in block.marks)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the models and with the programs that the documents name."""
    shutil.copytree(ROOT / "models", tmp_path / "models")
    for block in PROGRAMS:
        if named := _FILE.match(block.text):
            (tmp_path / named["name"]).write_text(block.text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.name)
def test_commands_print_what_is_shown(block: Block, folder: Path) -> None:
    commands = [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]
    script = "\n".join([f'ppl() {{ "{sys.executable}" -m ppl_cli "$@"; }}', *commands])
    found = subprocess.run(["bash", "-c", script + "\ntrue"], cwd=folder, capture_output=True, text=True, timeout=120)
    shown = "".join(f"{line}\n" for line in block.text.splitlines() if not line.startswith("$ "))
    assert found.stdout + found.stderr == shown
