"""The command `nudge contact`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from nudge.cli.common import data_dir_option, json_option, load_settings, print_json
from nudge.config.documents.consent_tables import load_reply_reader
from nudge.domain.contact.message_text import TextCheck, check_text


@click.group()
def contact() -> None:
    """Check the text of an SMS before it goes out, and read replies to one."""


@contact.command()
@click.argument("text")
@click.option(
    "--exempt", is_flag=True, help="Its purpose is exempt: it need not tell how to refuse."
)
@click.option(
    "--language",
    type=click.Choice(("zh", "en")),
    default="zh",
    show_default=True,
    help="Language of the findings.",
)
@data_dir_option
@json_option
def text(
    text: str,
    exempt: bool,  # noqa: FBT001 - click's flags
    language: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Check the text of an SMS: signature, how to refuse, parts that are billed, what is left open.

    TEXT is as the gateway sends it; `-` reads it from standard input. Ends with 1 if a gateway or
    the law would refuse it.
    """
    wanted = sys.stdin.read().rstrip("\n") if text == "-" else text
    reader = load_reply_reader(load_settings(data_dir).config_dir)
    found = check_text(wanted, reader, refusable=not exempt)
    if as_json:
        findings = [one._asdict() for one in found.findings]
        print_json({**asdict(found), "findings": findings, "right": found.is_right})
    else:
        _tell(found, language)
    sys.exit(0 if found.is_right else 1)


@contact.command()
@click.argument("text")
@data_dir_option
@json_option
def reply(text: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Tell whether a reply to an SMS refuses all further ones, and by which word.

    TEXT is the reply; `-` reads replies from standard input, one a line. Nothing is recorded.
    """
    reader = load_reply_reader(load_settings(data_dir).config_dir)
    given = sys.stdin.read().splitlines() if text == "-" else [text]
    found = [(one, reader.find_refusal(one)) for one in given]
    if as_json:
        print_json([{"text": one, "refusal": word} for one, word in found])
        return
    for one, word in found:
        click.echo(f"{f'refusal ({word})' if word else 'no refusal'}: {one}")


def _tell(found: TextCheck, language: str) -> None:
    width = {"zh": "条", "en": "part" if found.parts == 1 else "parts"}[language]
    left = {"zh": f"最后一条还可写 {found.left} 字", "en": f"room for {found.left} more"}[language]
    unit = {"zh": "字", "en": "characters"}[language]
    size = f"{found.characters} {unit}, {found.parts} {width} ({found.encoding}), {left}"
    click.echo(size if language == "en" else size.replace(", ", "，"))
    for one in found.findings:
        click.echo(f"{one.level} {one.code}: {one.sentences[language]}")
