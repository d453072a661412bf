"""The house keeps its shape: no circles, no untested rooms, no giants, and nothing that ties it to one machine."""

import ast
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = [name for name in ("geo", "media", "visits", "api") if (ROOT / name).is_dir()]
NOT_OURS = {".git", ".venv", "__pycache__", "vendor", "node_modules"}
MADE_AT_THE_TOP = {"build", "dist", "data", "demo-data"}
LONGEST_LINES = 600

# Written in two halves, so that this file does not name what it forbids.
FORBIDDEN = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "../" + "shared",
    "/work" + "/main",
    "/work" + "/shared",
    "/opt" + "/wheels",
    "/opt" + "/pypi",
]

Graph = dict[str, set[str]]


# ---- No circles ----


def _module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def _imported(path: Path, name: str, modules: set[str]) -> Iterator[str]:
    """The modules of the house that this one imports, at its top or inside a function."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                if whole in modules:
                    yield whole
                elif base in modules:
                    yield base


def _part(module: str, package: str) -> str:
    """The module or folder directly inside ``package`` that holds ``module``; the package's own front door is ''."""
    return module.removeprefix(package).removeprefix(".").partition(".")[0]


def _imports_between_parts(imports: Graph) -> dict[str, Graph]:
    """For each package: which of its modules and folders imports which other."""
    by_package: dict[str, Graph] = {}
    for importer, targets in imports.items():
        for target in targets - {importer}:
            package = _common(importer, target)
            if package:
                ends = _part(importer, package), _part(target, package)
                by_package.setdefault(package, {}).setdefault(ends[0], set()).add(ends[1])
    return by_package


def _common(one: str, other: str) -> str:
    same: list[str] = []
    for a, b in zip(one.split("."), other.split("."), strict=False):
        if a != b:
            break
        same.append(a)
    return ".".join(same)


def _circle(graph: Graph) -> list[str]:
    """One circle of the graph, first and last the same; empty when there is none."""
    done: set[str] = set()

    def follow(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for target in sorted(graph.get(node, ())):
            if found := follow(target, [*path, node]):
                return found
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := follow(node, []))), [])


def test_no_module_or_folder_imports_in_a_circle() -> None:
    paths = {_module_name(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    imports = {name: set(_imported(path, name, set(paths))) for name, path in paths.items()}
    circles = {
        package: found for package, graph in _imports_between_parts(imports).items() if (found := _circle(graph))
    }
    assert circles == {}


def test_a_circle_through_folders_is_found() -> None:
    imports: Graph = {"a.b.one": {"a.c.two"}, "a.c.two": {"a.d"}, "a.d": {"a.b.three"}, "a.b.three": set()}
    graph = _imports_between_parts(imports)["a"]
    found = _circle(graph)
    assert sorted(set(found)) == ["b", "c", "d"]
    assert all(later in graph[earlier] for earlier, later in pairwise(found))


def test_a_module_that_imports_its_own_front_door_is_found() -> None:
    imports: Graph = {"a": {"a.b"}, "a.b": {"a"}}
    assert _circle(_imports_between_parts(imports)["a"]) == ["", "b", ""]


# ---- Tests mirror the code ----


def _modules() -> list[Path]:
    """The modules that git knows: one that is not committed yet may still wait for its test."""
    known = subprocess.run(["git", "ls-files", "-z", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=False)
    if known.returncode == 0:
        paths = [ROOT / name for name in known.stdout.split("\0") if name.endswith(".py")]
    else:
        paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return [path for path in paths if path.exists()]


def _folders_with_code() -> list[Path]:
    """The folders of the packages that define something, as opposed to naming what others define."""
    defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    folders = {
        path.parent.relative_to(ROOT)
        for path in _modules()
        if path.stem not in {"errors", "env"}
        and "versions" not in path.parts
        and any(isinstance(node, defining) for node in ast.parse(path.read_bytes()).body)
    }
    return sorted(folders)


def _has_tests(folder: Path) -> bool:
    inside = (ROOT / "tests" / folder).rglob("test_*.py")
    beside = (ROOT / "tests" / folder.parent).glob(f"test_{folder.name}*.py")
    return any(inside) or any(beside)


def test_a_folder_with_code_has_tests_in_the_mirrored_place() -> None:
    folders = _folders_with_code()
    assert folders
    assert [str(folder) for folder in folders if not _has_tests(folder)] == []


# ---- Nothing too long, nothing of one machine ----


def _our_files(folder: Path = ROOT) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name in NOT_OURS or path.name.endswith(("_cache", ".egg-info", ".hypothesis")):
            continue
        if folder == ROOT and path.name in MADE_AT_THE_TOP:
            continue
        if path.is_dir():
            yield from _our_files(path)
        else:
            yield path


def test_no_source_file_is_too_long() -> None:
    kinds = {".py", ".js", ".css", ".html", ".sh"}
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_bytes().splitlines())
        for path in _our_files()
        if path.suffix in kinds and "versions" not in path.parts  # A migration is a record, written once.
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_LINES} == {}


def test_no_file_names_a_registry_or_this_machine() -> None:
    found = [
        (path.relative_to(ROOT).as_posix(), word)
        for path in _our_files()
        for content in [path.read_bytes()]
        for word in FORBIDDEN
        if word.encode() in content
    ]
    assert found == []
