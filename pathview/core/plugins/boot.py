"""The first thing that a plugin's process runs: can this Python do it, and if so, the calls that come.

It may be the Python of another environment, of any version. So nothing here is newer than Python 3.8, and
nothing is imported that such a one may lack.
"""

import importlib.util
import json
import os
import sys

_LEAST = (3, 12)


def main():  # type: () -> None
    """Say on stdout, in a line of JSON, what this Python lacks; then serve calls until stdin ends."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # A plugin may read or close its stdin, as `exit` does; while we wait for questions it would wait with us.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # What a plugin prints goes where its errors go.
    os.dup2(2, 1)
    asked = json.loads(questions.readline().decode("utf-8"))
    lacks = _lacking(asked["needs"])
    hello = {"python": "{}.{}.{}".format(*sys.version_info), "lacks": lacks}
    answers.write(json.dumps(hello).encode("utf-8") + b"\n")
    answers.flush()
    if not lacks:
        _find_program(asked["package"], asked["path"])
        from pathview.core.plugins.child import serve

        serve(questions, answers)


def _lacking(needs):  # type: (dict[str, str]) -> list[str]
    if sys.version_info < _LEAST:
        return ["python>={}.{}".format(*_LEAST)]
    return [f"{name}>={least}" for name, least in needs.items() if _is_older(name, least)]


def _is_older(name, least):  # type: (str, str) -> bool
    from importlib.metadata import PackageNotFoundError, version

    try:
        return _numbers(version(name)) < _numbers(least)
    except PackageNotFoundError:
        return True


def _numbers(version):  # type: (str) -> list[int]
    return [int(part) for part in version.split(".")[:2] if part.isdigit()]


def _find_program(package, path):  # type: (str, list[str] | None) -> None
    if path is not None:
        # The very modules of the program that asks.
        sys.path[:] = path
    elif "pathview" not in sys.modules:
        # Alone, without what lies beside it: the packages of the two environments must not mix.
        spec = importlib.util.spec_from_file_location(
            "pathview", os.path.join(package, "__init__.py"), submodule_search_locations=[package]
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules["pathview"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


if __name__ == "__main__":
    # The folder of this file, whose modules must hide nobody else's.
    del sys.path[0]
    main()
