"""Count what a layout is judged by: modules and their lines, importers, repeated names, circles.

    python perf/structure.py [ROOT ...] [--list]

Each ROOT is a checkout, this one by default, and gets a column: two of them are a before and an
after. With --list, the items behind every figure follow the table.

A module is a Python file of either package that is no `__init__.py`. Imports are all that grimp
sees: those hidden in functions and those for type checkers too. A name that a front door or the
registry opens by its string is no import. A place that renames is a call of `os.replace`,
`os.rename`, `shutil.move`, or of a path's own `replace` or `rename` (one argument; a text's takes
two). A journal is a file opened with "a" or "r+". The command line is `cli`, `commands`, and the
modules `options` and `terminal` that belong to it.
"""

from __future__ import annotations

import ast
import importlib
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp
import networkx
import side_by_side

PACKAGES = ("mn_dataset", "benchmarks")
SHORT, LONG = 60, 350
"""Lines: fewer are a fragment, more are too many for one module."""
COMMAND_LINE = {"cli", "commands", "options", "terminal"}
OPTION = re.compile(r"(?<![\w-])--[a-z]")
COMMAND = re.compile(r"`mn [^`]*`|^mn .*")
APPENDING = re.compile(r"a[bt+]*|r\+b?|rb\+")
RENAMES = {("os", "replace"), ("os", "rename"), ("shutil", "move")}

Figure = tuple[str, list[str]]
"""What stands in the table, and the items behind it."""


@dataclass(frozen=True)
class Source:
    """A Python file of one of the packages.

    Attributes:
        name: Dotted, as it is imported.
        file: Relative to the checkout.
        text: What it holds.
        tree: The same, parsed.
    """

    name: str
    file: Path
    text: str
    tree: ast.Module

    @property
    def is_front_door(self) -> bool:
        """Whether it is a package's `__init__.py`."""
        return self.file.name == "__init__.py"

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.text.splitlines())

    @property
    def is_command_line(self) -> bool:
        """Whether it may speak of options."""
        return not COMMAND_LINE.isdisjoint(self.name.split(".")[1:2])


def main() -> None:
    """Print the table, and the lists if they are asked for."""
    named = [word for word in sys.argv[1:] if word != "--list"]
    roots = named or [str(Path(__file__).resolve().parents[1])]
    columns = [figures(Path(root).resolve()) for root in roots]
    rows = [(label, *(column[label][0] for column in columns)) for label in columns[0]]
    side_by_side.table("Structure", ("", *roots), rows)
    if "--list" in sys.argv:
        for root, column in zip(roots, columns, strict=True):
            for label, (_, items) in column.items():
                if items:
                    print(f"\n## {root}: {label}\n", *(f"* {item}" for item in items), sep="\n")


def figures(root: Path) -> dict[str, Figure]:
    """Return every figure of a checkout, by its label."""
    sources = list(read(root))
    graph = import_graph(root)
    empty = sum(not source.text.strip() for source in sources)
    doors = sum(source.is_front_door for source in sources)
    counted = {
        "Python files": (str(len(sources)), []),
        "of them `__init__.py` (empty)": (f"{doors} ({empty})", []),
        "lines of all": (str(sum(source.lines for source in sources)), []),
    }
    modules = [source for source in sources if not source.is_front_door]
    return counted | sizes(modules) | imports(modules, graph) | names(modules) | habits(sources)


def read(root: Path) -> Iterator[Source]:
    """Yield the Python files of both packages in the order of their names."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            file = path.relative_to(root)
            name = ".".join(file.with_suffix("").parts).removesuffix(".__init__")
            text = path.read_text(encoding="utf-8")
            yield Source(name, file, text, ast.parse(text))


def import_graph(root: Path) -> networkx.DiGraph[str]:
    """Return who imports whom: an edge leads from the importing module to the imported one."""
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        imported = grimp.build_graph(*PACKAGES, cache_dir=None)
    finally:
        sys.path.remove(str(root))
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for importer in imported.modules:
        graph.add_node(importer)
        for module in imported.find_modules_directly_imported_by(importer):
            graph.add_edge(importer, module)
    return graph


def sizes(modules: list[Source]) -> dict[str, Figure]:
    """Return how many modules there are, and how long."""
    lengths = [module.lines for module in modules]
    return {
        "modules": (str(len(modules)), []),
        "median lines": (f"{statistics.median(lengths):g}", []),
        f"modules under {SHORT} lines": count(with_lines(m) for m in modules if m.lines < SHORT),
        f"modules over {LONG} lines": count(with_lines(m) for m in modules if m.lines > LONG),
        "lines of the longest module": (str(max(lengths)), []),
    }


def imports(modules: list[Source], graph: networkx.DiGraph[str]) -> dict[str, Figure]:
    """Return what the import graph says."""
    paths = {module.name for module in modules}
    importers = {name: sorted(graph.predecessors(name)) for name in sorted(paths)}
    inner = {name: [one for one in by if one in paths] for name, by in importers.items()}
    circles = [sorted(one) for one in networkx.strongly_connected_components(graph) if len(one) > 1]
    condensed = networkx.condensation(graph)
    chain = [
        name
        for node in networkx.dag_longest_path(condensed)
        for name in sorted(condensed.nodes[node]["members"])
    ]
    return {
        "modules with one importer": count(single(importers)),
        "the same, front doors not counted": count(single(inner)),
        "longest import chain": (str(len(chain)), [" → ".join(chain)]),
        "import circles": count(" ↔ ".join(one) for one in circles),
    }


def names(modules: list[Source]) -> dict[str, Figure]:
    """Return the names that are borne more than once."""
    classes, files = defaultdict(set), defaultdict(set)
    for module in modules:
        files[module.file.name].add(module.name)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                classes[node.name].add(module.name)
    return {
        "class names defined in several modules": count(repeated(classes)),
        "file names used several times": count(repeated(files)),
    }


def habits(sources: list[Source]) -> dict[str, Figure]:
    """Return what is written in many places and should be in few."""
    below = [source for source in sources if not source.is_command_line]
    options = [(where, text) for s in below for where, text in texts(s) if OPTION.search(text)]
    bare = [(where, text) for where, text in options if OPTION.search(COMMAND.sub("", text))]
    return {
        "places that rename a file or folder": count(calls(sources, renames)),
        "places that open a journal to append": count(calls(sources, appends)),
        "texts with an --option below the command line": count(f"{w} {t!r}" for w, t in options),
        "the same, `mn …` commands to type left out": count(f"{w} {t!r}" for w, t in bare),
    }


def count(items: Iterable[str]) -> Figure:
    """Return how many items there are, and them."""
    listed = list(items)
    return str(len(listed)), listed


def with_lines(module: Source) -> str:
    """Return a module's name and length."""
    return f"{module.name} ({module.lines})"


def single(importers: dict[str, list[str]]) -> list[str]:
    """Return the modules that exactly one other imports."""
    return [f"{name} ← {by[0]}" for name, by in importers.items() if len(by) == 1]


def repeated(users: dict[str, set[str]]) -> list[str]:
    """Return the names with several users."""
    return [f"{name}: {', '.join(sorted(by))}" for name, by in sorted(users.items()) if len(by) > 1]


def calls(sources: list[Source], is_one: Callable[[ast.Call], bool]) -> Iterator[str]:
    """Yield file and line of every call of a kind."""
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and is_one(node):
                yield f"{source.file}:{node.lineno} `{ast.unparse(node)}`"


def renames(call: ast.Call) -> bool:
    """Tell whether a call renames a file or a folder."""
    function = call.func
    if not isinstance(function, ast.Attribute):
        return False
    if isinstance(function.value, ast.Name) and (function.value.id, function.attr) in RENAMES:
        return True
    # The tables' `replace` and `rename` take a mapping, a name or keywords.
    wanted = function.attr in ("replace", "rename") and len(call.args) == 1 and not call.keywords
    return wanted and not isinstance(call.args[0], (ast.Constant, ast.Dict, ast.DictComp))


def appends(call: ast.Call) -> bool:
    """Tell whether a call opens a file to go on at its end."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    parts = [part for one in given for part in ast.walk(one)]
    modes = [part.value for part in parts if isinstance(part, ast.Constant)]
    return name == "open" and (
        any(isinstance(mode, str) and APPENDING.fullmatch(mode) for mode in modes)
        or any(getattr(part, "attr", "") == "O_APPEND" for part in parts)
    )


def texts(source: Source) -> Iterator[tuple[str, str]]:
    """Yield place and content of every string that is no docstring; fields are {}."""
    passed: set[ast.AST] = set()
    for node in ast.walk(source.tree):  # parents come before their children
        if isinstance(node, ast.Expr):
            passed.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            passed.update(node.values)
            parts = [getattr(part, "value", None) for part in node.values]
            text = "".join(part if isinstance(part, str) else "{}" for part in parts)
            yield f"{source.file}:{node.lineno}", text
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in passed:
            yield f"{source.file}:{node.lineno}", node.value


if __name__ == "__main__":
    main()
