"""Runs one WSGIDispatchScript for one environ: JSON on stdin, JSON on stdout. Texts are byte strings (latin-1)."""
import json
import sys

NAMES = {"processGroup": "process_group", "applicationGroup": "application_group", "callableObject": "callable_object"}


def load(path):
    module = {"__name__": "dispatch", "__file__": path}
    with open(path, "rb") as file:
        exec(compile(file.read(), path, "exec"), module)
    return module


def ask(module, environ):
    answer = {"kind": "names"}
    for key, function in NAMES.items():
        if function not in module:
            continue
        said = module[function](environ)
        if said is None:
            continue
        if isinstance(said, str):
            said = said.encode("latin-1")
        if not isinstance(said, bytes):
            raise TypeError("a name must be a string")
        answer[key] = said.decode("latin-1")
    return answer


def main():
    order = json.load(sys.stdin)
    try:
        module = load(order["script"].encode("latin-1"))
    except Exception:
        return {"kind": "not-loaded"}
    try:
        return ask(module, order["environ"])
    except Exception:
        return {"kind": "failed"}


print(json.dumps(main()))
