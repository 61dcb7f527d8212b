"""How the pictures look: in the light, in the dark, on paper."""

from __future__ import annotations

MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
SANS = "ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"

# The hues are of Okabe and Ito's palette, which the colour-blind tell apart; each has a shape too.
_LIGHT = {
    "page": "#ffffff",
    "band": "#f5f7fa",
    "ink": "#1b2430",
    "soft": "#5b6776",
    "line": "#b9c2cf",
    "card": "#ffffff",
    "edge": "#d3dae4",
    "read": "#0072b2",
    "write": "#b35900",
    "name": "#007a5a",
    "barrier": "#4a5568",
    "fails": "#c0182b",
    "failsback": "#fdecee",
    "stale": "#8a2f8f",
    "staleback": "#f9ecfa",
    "late": "#8a6100",
    "lateback": "#fff6dd",
    "good": "#007a5a",
}
_DARK = {
    "page": "#12171e",
    "band": "#181f28",
    "ink": "#e7ecf3",
    "soft": "#9aa7b7",
    "line": "#46525f",
    "card": "#1d2530",
    "edge": "#364252",
    "read": "#5cb8f0",
    "write": "#f0a04b",
    "name": "#3fd0a4",
    "barrier": "#a9b5c6",
    "fails": "#ff7a85",
    "failsback": "#3a1a20",
    "stale": "#e09be4",
    "staleback": "#33203a",
    "late": "#f2c14e",
    "lateback": "#362c14",
    "good": "#3fd0a4",
}

_RULES = (
    ("page", "fill:{page}"),
    ("band", "fill:{band}"),
    ("ink", "fill:{ink}"),
    ("soft", "fill:{soft}"),
    ("rule", "stroke:{line}"),
    ("lane", "stroke:{line}"),
    ("held", "stroke:{late}"),
    ("card", "fill:{card};stroke:{edge}"),
    ("c-fails", "fill:{failsback};stroke:{fails}"),
    ("c-stale", "fill:{staleback};stroke:{stale}"),
    ("c-late", "fill:{lateback};stroke:{late}"),
    ("t-fails", "fill:{fails}"),
    ("t-stale", "fill:{stale}"),
    ("t-late", "fill:{late}"),
    ("t-fine", "fill:{good}"),
    ("t-held", "fill:{late}"),
    ("g-read", "fill:{read};stroke:{card}"),
    ("g-write", "fill:{write};stroke:{card}"),
    ("g-name", "fill:{name};stroke:{card}"),
    ("g-barrier", "fill:{barrier};stroke:{card}"),
    ("g-gradient", "fill:{name};stroke:{card}"),
    ("g-body", "fill:{soft};stroke:{card}"),
    ("g-steps", "fill:{soft};stroke:{card}"),
    ("g-passed", "stroke:{fails}"),
    ("bar", "fill:{barrier}"),
    ("onbar", "fill:{page}"),
    ("stop", "fill:{fails}"),
    ("onstop", "fill:{page}"),
    ("a-arrives", "stroke:{name}"),
    ("a-missed", "stroke:{fails}"),
    ("a-meant", "stroke:{soft}"),
    ("a-stale", "stroke:{stale}"),
    ("a-passed", "stroke:{fails}"),
    ("h-arrives", "fill:{name}"),
    ("h-missed", "fill:{fails}"),
    ("h-meant", "fill:{soft}"),
    ("h-stale", "fill:{stale}"),
    ("h-passed", "fill:{fails}"),
    ("pill", "fill:{page};stroke:{line}"),
)


def svg_style() -> str:
    """The rules of an SVG's own style sheet; dark where the reader's screen is."""
    fonts = (
        f".nnm text{{font-family:{SANS};font-size:12px}}"
        f".nnm .mono{{font-family:{MONO};font-size:12px;white-space:pre}}"
        ".nnm .bold{font-weight:600}.nnm .small{font-size:11px}.nnm .tiny{font-size:10.5px}"
        ".nnm .title{font-size:15px;font-weight:650}.nnm .lane{stroke-width:1.5;fill:none}"
        ".nnm .dashed{stroke-dasharray:3 5}.nnm .held{stroke-width:6;stroke-dasharray:2 3}"
        ".nnm .arrow{fill:none;stroke-width:2}.nnm .broken{stroke-dasharray:6 4}"
        ".nnm .faint{opacity:.55}"
    )
    dark = _rules(_DARK)
    return f"{fonts}{_rules(_LIGHT)}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def page_style() -> str:
    """The rules of a page of HTML around the pictures."""
    light, dark = _LIGHT, _DARK
    return (
        ":root{color-scheme:light dark}body{margin:0;padding:28px 32px 48px;"
        f"font:15px/1.5 {SANS};"
        f"color:{light['ink']};background:{light['page']}}}"
        "h1{font-size:21px;margin:0 0 4px}h2{font-size:16px;margin:36px 0 4px;"
        "overflow-wrap:anywhere}p{margin:4px 0 12px;max-width:75em}"
        f"code{{font-family:{MONO};font-size:.92em}}.soft{{color:{light['soft']}}}"
        ".pair{display:flex;flex-wrap:wrap;gap:28px 36px;align-items:flex-start}"
        f"figure{{margin:0;padding:14px 16px;border:1px solid {light['edge']};border-radius:10px;"
        "max-width:100%;box-sizing:border-box;overflow-x:auto}"
        "figure svg{display:block;max-width:none}"
        "@media screen and (prefers-color-scheme:dark){"
        f"body{{color:{dark['ink']};background:{dark['page']}}}.soft{{color:{dark['soft']}}}"
        f"figure{{border-color:{dark['edge']}}}}}"
        "@media print{body{padding:0}figure{break-inside:avoid;overflow:visible;border:0}"
        "figure svg{max-width:100%;height:auto}*{-webkit-print-color-adjust:exact;"
        "print-color-adjust:exact}}"
    )


def _rules(colours: dict[str, str]) -> str:
    return "".join(f".nnm .{name}{{{rule.format(**colours)}}}" for name, rule in _RULES)
