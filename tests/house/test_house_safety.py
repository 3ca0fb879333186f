"""Calls that run what a file says, and errors that vanish: none in the code that ships."""

import ast
from collections.abc import Iterator
from pathlib import Path

import house

BANNED_MODULES = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}
BANNED_NAMES = {"eval", "exec", "__import__"}
BANNED_CALLS = {
    ("yaml", "load"),
    ("yaml", "load_all"),
    ("yaml", "full_load"),
    ("yaml", "unsafe_load"),
    ("os", "system"),
    ("os", "popen"),
    ("pd", "read_pickle"),
    ("pandas", "read_pickle"),
}
# keyword: the only value that may be written
SAFE_VALUE = {"allow_pickle": False, "weights_only": True, "shell": False}


def shipped() -> list[Path]:
    return house.python_files(but=("tests",))


def calls(path: Path) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(house.tree(path)):
        if isinstance(node, ast.Call):
            yield node, f"{path}:{node.lineno}: {ast.unparse(node)[:80]}"


def is_banned(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id=name) if name in BANNED_NAMES:
            return True
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in BANNED_CALLS:
            return True
        case ast.Attribute(value=ast.Name(id="torch"), attr="load"):
            return not any(keyword.arg == "weights_only" for keyword in call.keywords)
    written = {k.arg: k.value for k in call.keywords if k.arg in SAFE_VALUE}
    return any(not (isinstance(v, ast.Constant) and v.value is SAFE_VALUE[k]) for k, v in written.items())


def test_the_rule_sees_what_it_should():
    bad = ["eval(x)", "yaml.load(f)", "np.load(f, allow_pickle=True)", "torch.load(f)", "run(c, shell=True)"]
    good = ["model.eval()", "yaml.safe_load(f)", "np.load(f, allow_pickle=False)", "torch.load(f, weights_only=True)"]
    assert all(is_banned(ast.parse(code).body[0].value) for code in bad)
    assert not any(is_banned(ast.parse(code).body[0].value) for code in good)


def test_no_banned_call():
    found = [where for path in shipped() for call, where in calls(path) if is_banned(call)]
    assert not found


def test_no_banned_import():
    found = []
    for path in shipped():
        for node in ast.walk(house.tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [f"{path}:{node.lineno}: {name}" for name in names if name.split(".")[0] in BANNED_MODULES]
    assert not found


def test_no_error_is_swallowed():
    broad = {None, "Exception", "BaseException"}
    found = [
        f"{path}:{node.lineno}"
        for path in shipped()
        for node in ast.walk(house.tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in broad)
        and all(isinstance(statement, ast.Pass | ast.Continue) for statement in node.body)
    ]
    assert not found
