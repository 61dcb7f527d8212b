"""The commands `explain` and `rules`: what rules there are, and their pages."""

from __future__ import annotations

import click


@click.command("explain")
@click.argument("page", required=False, metavar="[RULE|GUIDE]")
def explain_command(page: str | None) -> None:
    """Print the page of a rule, named by code or name, or a guide; without either, list them."""
    from nnmigrate.catalogue import UnknownPage, contents, page_of

    try:
        click.echo(contents() if page is None else page_of(page))
    except UnknownPage as error:
        raise click.UsageError(str(error)) from error


@click.command("rules")
@click.option(
    "--output-format", type=click.Choice(["table", "json"]), default="table", show_default=True
)
def rules_command(output_format: str) -> None:
    """List the rules."""
    from nnmigrate.catalogue import as_json, as_table

    click.echo(as_json() if output_format == "json" else as_table())
