"""`#include`: which files are read, which are not, and how messages name them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ppl_cli.language import check, parse, syntax
from ppl_cli.language.diagnostics import LanguageError
from ppl_cli.language.signatures import SignatureTable

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a file in a folder of models, which is also the working directory."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def write_file(name: str, text: str | bytes) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


def read(text: str, *folders: str | Path) -> syntax.Program:
    return parse(text, "model.stan", [Path(folder) for folder in folders or (".",)])


def message(text: str, *folders: str | Path) -> str:
    with pytest.raises(LanguageError) as raised:
        read(text, *folders)
    return str(raised.value)


@pytest.mark.parametrize(
    "line",
    [
        "#include sizes.stan",
        '#include "sizes.stan"',
        "#include <sizes.stan>",
        "   #include\tsizes.stan   ",
        "#include sizes.stan  // how many there are",
        "int before; #include sizes.stan",
        "#include sizes.stan\r",
    ],
)
def test_text_stands_in_the_place_of_the_line(line: str, write: Write) -> None:
    write("sizes.stan", "int N;")
    program = read(f"data {{\n{line}\nint after;\n}}")
    assert program.data is not None
    names = [statement.name for statement in program.data if isinstance(statement, syntax.Declaration)]
    assert names[-2:] == ["N", "after"]


@pytest.mark.parametrize(
    "text",
    [
        "// #include nowhere.stan",
        "/* \n#include nowhere.stan\n */",
        'model { print("#include nowhere.stan"); }',
        "# not an #include nowhere.stan",
    ],
)
def test_comments_and_texts_include_nothing(text: str, write: Write) -> None:
    read(text)


def test_text_without_a_folder_includes_nothing() -> None:
    with pytest.raises(LanguageError, match="there is no folder to look in"):
        parse("#include a.stan")


def test_a_byte_order_mark_is_ignored(write: Write) -> None:
    write("sizes.stan", b"\xef\xbb\xbfint N;")
    read("data {\n#include sizes.stan\n}")


def test_files_include_others_from_the_same_folders(write: Write) -> None:
    write("parts/data.stan", "data {\n#include parts/sizes.stan\n}")
    write("parts/sizes.stan", "int N;")
    assert read("#include parts/data.stan\nmodel { target += N; }").data is not None


def test_the_same_file_may_be_included_twice(write: Write) -> None:
    write("more.stan", "target += 1;")
    program = read("model {\n#include more.stan\n#include more.stan\n}")
    assert program.model is not None
    assert len(program.model) == 2


def test_the_first_folder_that_has_the_file_gives_it(write: Write) -> None:
    write("a/x.stan", "model { target += 1; }")
    write("b/x.stan", "model { target += 1; target += 2; }")
    program = read("#include x.stan", "empty", "b", "a")
    assert program.model is not None
    assert len(program.model) == 2


def test_an_error_inside_has_the_name_and_the_line_of_its_file(write: Write, library: SignatureTable) -> None:
    write("likelihood.stan", "// of the model\n  target += normal_lpdf(y | mu, 1);")
    write("block.stan", "model {\n#include likelihood.stan\n}")
    with pytest.raises(LanguageError) as raised:
        check(read("data { real y; }\n\n#include block.stan\n"), library)
    assert str(raised.value).splitlines() == [
        "likelihood.stan:2:29: error: unknown variable `mu`",
        "  2 |   target += normal_lpdf(y | mu, 1);",
        "    |                             ^^",
        "  included from block.stan:2",
        "  included from model.stan:3",
    ]


def test_an_error_after_it_has_the_line_of_the_including_file(write: Write) -> None:
    write("sizes.stan", "int N;\nint K;\n")
    assert message("data {\n#include sizes.stan\nint M\n}").startswith("model.stan:3:6: error: expected `;` after `M`")


def test_a_mistake_at_the_end_of_a_file_is_told_there(write: Write) -> None:
    write("sizes.stan", "int N")
    assert message("data {\n#include sizes.stan\n}").splitlines() == [
        "sizes.stan:1:6: error: expected `;` after `N`; found `}`",
        "  1 | int N",
        "    |      ^",
        "  included from model.stan:2",
    ]


def test_lines_of_other_files_are_named(write: Write, library: SignatureTable) -> None:
    write("sizes.stan", "int N;")
    with pytest.raises(LanguageError, match="it was declared in line 1 of sizes.stan"):
        check(read("data {\n#include sizes.stan\nreal N;\n}"), library)


def test_warnings_are_told_there_too(write: Write) -> None:
    write("old.stan", "x <- 1;")
    (warning,) = read("model { real x;\n#include old.stan\n}").warnings
    assert warning.render().startswith("old.stan:1:3: warning: `<-` is an old spelling")


def test_a_missing_file_is_located_and_the_folders_are_named(write: Write) -> None:
    assert message("data { }\n#include nowhere.stan\n", ".", "parts").splitlines() == [
        "model.stan:2:1: error: there is no file `nowhere.stan`",
        "  2 | #include nowhere.stan",
        "    | ^^^^^^^^^^^^^^^^^^^^^",
        "  hint: it is not in . or parts; `--include-path` adds a folder",
    ]


def test_a_missing_file_inside_is_located_there(write: Write) -> None:
    write("a.stan", "\n  #include b.stan")
    found = message("#include a.stan")
    assert found.startswith("a.stan:2:3: error: there is no file `b.stan`")
    assert found.endswith("included from model.stan:1")


@pytest.mark.parametrize("line", ["#include", '#include ""', "#include a b", "#include // a"])
def test_an_include_names_one_file(line: str, write: Write) -> None:
    assert message(line).startswith("model.stan:1:1: error: the name of one file is missing")


@pytest.mark.parametrize("name", ["../secret.stan", "parts/../../secret.stan", "{outside}"])
def test_nothing_outside_of_the_folders_is_read(name: str, write: Write, tmp_path: Path) -> None:
    secret = tmp_path / "secret.stan"
    secret.write_text("model { }")
    write("parts/other.stan", "")
    found = message(f'#include "{name.format(outside=secret)}"')
    assert "leads out of the folders of included files" in found


@pytest.mark.parametrize("link", ["link.stan", "folder/secret.stan"])
def test_links_that_lead_out_are_not_followed(link: str, write: Write, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere" / "secret.stan"
    secret.parent.mkdir()
    secret.write_text("model { }")
    Path("link.stan").symlink_to(secret)
    Path("folder").symlink_to(secret.parent)
    assert "is a link that leads out of ." in message(f"#include {link}")


def test_links_within_a_folder_are_followed(write: Write) -> None:
    Path("link.stan").symlink_to(write("real.stan", "model { }"))
    assert read("#include link.stan").model == ()


def test_a_folder_is_no_file(write: Write) -> None:
    write("parts/a.stan", "")
    assert "there is no file `parts`" in message("#include parts")


def test_a_file_that_is_no_text_is_an_error(write: Write) -> None:
    write("a.stan", b"\xff\xfe")
    assert message("#include a.stan").startswith("model.stan:1:1: error: a.stan is not a UTF-8 text")


def test_a_model_cannot_include_itself(write: Write) -> None:
    write("model.stan", "#include model.stan")
    assert message("#include model.stan").startswith("model.stan:1:1: error: a file cannot include itself")


def test_a_cycle_is_an_error_where_it_closes(write: Write) -> None:
    write("a.stan", "#include b.stan")
    write("b.stan", "\n#include a.stan")
    assert message("#include a.stan").splitlines() == [
        "b.stan:2:1: error: a file cannot include itself",
        "  2 | #include a.stan",
        "    | ^^^^^^^^^^^^^^^",
        "  hint: it is included by way of b.stan",
        "  included from a.stan:1",
        "  included from model.stan:1",
    ]


def test_files_that_double_at_each_level_are_stopped(write: Write) -> None:
    for level in range(30):
        write(f"{level}.stan", f"#include {level + 1}.stan\n" * 2)
    write("30.stan", "")
    assert "more than 1000 files are included" in message("#include 0.stan")
