"""What the name of an output says of its format."""

from __future__ import annotations

import pytest

from elman.data.formats import INPUT_FORMATS, OUTPUT_FORMATS, check_output
from elman.data.formats.endings import FORMATS_BY_EXTENSION, extension, formats_of, output_format
from elman.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.conllu", "conllu"),
        ("a.JSONL.gz", "jsonl"),
        ("b.c.parquet", "parquet"),
        ("x.csv.zst", "csv"),
        ("x.tsv.xz", "tsv"),
        ("x.json", "json"),
        ("dir.csv/x.html", "html"),
        ("x.trees", "trees"),
        ("x.iob2", "columns"),
        ("x.txt", None),
        ("x.out.gz", None),
        ("dir.csv/x", None),
        (".csv", None),
        ("-", None),
        ("/dev/stdout", None),
    ],
)
def test_the_ending_decides_where_nothing_is_asked_for(name: str, format: str | None) -> None:
    assert output_format(name, None) == format
    assert (format in formats_of(name)) == (format is not None)
    for other in OUTPUT_FORMATS:
        if format is None or other in formats_of(name):
            assert output_format(name, other) == other
        else:
            with pytest.raises(ConfigError, match=f"the name stands for {format}, and --as asks for {other}; leave "):
                output_format(name, other)


def test_formats_that_are_called_so_too() -> None:
    assert formats_of("x.jsonl") == ("jsonl", "prodigy", "doccano")
    assert output_format("x.tsv", "columns") == "columns"
    assert output_format("x.conll", "conllu") == "conllu"
    with pytest.raises(ConfigError, match=r"^x.csv: .* and --to asks for tsv; leave out --to, or choose another name$"):
        output_format("x.csv", "tsv", "--to")
    assert extension("x.tsv.gz") == extension("Y.TSV") == ".tsv"


def test_all_of_them_are_written() -> None:
    for formats in FORMATS_BY_EXTENSION.values():
        for format in formats:
            check_output(format, columns=0)
    # a format that is not drawn for the eye and is read has an ending, or goes by any name
    named = {format for formats in FORMATS_BY_EXTENSION.values() for format in formats}
    assert {*INPUT_FORMATS} - named == {"word_tag", "fasttext", "text"}


@pytest.mark.parametrize("name", ["t.xlsx", "T.PDF", "dir.x/t.docx.gz"])
def test_files_of_other_programs_are_not_written(name: str) -> None:
    with pytest.raises(ConfigError, match="is not written; a spreadsheet opens .csv"):
        output_format(name, None)
