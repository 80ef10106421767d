"""Reads PowerShell with tree-sitter: syntax errors of our scripts, and the argument spec a module declares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_powershell.language()))
VALUES = {
    "hash_literal_expression",
    "array_expression",
    "string_literal",
    "variable",
    "expression_with_unary_operator",
    "cast_expression",
    "script_block_expression",
    "invokation_expression",  # sic: the grammar's own spelling
}
LISTS = {"array_literal_expression", "expression_with_unary_operator", "array_expression", "variable"}
CONSTANTS = {"$true": True, "$false": False, "$null": None}


@dataclass(frozen=True)
class Unresolved:
    """What only running PowerShell would know."""

    source: str


@dataclass(frozen=True)
class SyntaxProblem:
    line: int
    text: str


def syntax_problems(script: str) -> list[SyntaxProblem]:
    """Where the grammar finds no PowerShell; empty = clean (which is no proof that it runs)."""
    if not script.strip():
        return []
    root = PARSER.parse(script.encode()).root_node
    return [
        SyntaxProblem(node.start_point[0] + 1, _text(node)[:60])
        for node in _walk(root)
        if node.is_error or node.is_missing
    ]


def declared_spec(source: bytes) -> dict[str, Any] | None:
    """`$spec` of a module as far as it is literal; None where there is none (modules of the old kind)."""
    known: dict[str, Any] = {}
    for assignment in _assignments(PARSER.parse(source).root_node):
        name = _text(assignment.named_children[0]).strip().lower()
        if re.fullmatch(r"\$\w+", name):
            known[name] = _value(assignment.named_children[-1], known)
    spec = known.get("$spec")
    return spec if isinstance(spec, dict) else None


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _assignments(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        if child.type == "assignment_expression":
            yield child
        elif child.type != "function_statement":
            yield from _assignments(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _core(node: Node) -> Node:
    """Below the wrappers (pipeline, unary expression, …) that hold a single child."""
    while node.type not in VALUES and "integer" not in node.type and node.named_child_count == 1:
        node = node.named_children[0]
    return node


def _value(node: Node, known: dict[str, Any]) -> Any:
    node = _core(node)
    match node.type:
        case "hash_literal_expression":
            return _hash(node, known)
        case "array_expression":
            return _array(node, known)
        case "array_literal_expression":
            return [_value(child, known) for child in node.named_children]
        case "expression_with_unary_operator":
            inner = _value(node.named_children[-1], known)
            return [inner] if _text(node).lstrip().startswith(",") else Unresolved(_text(node))
        case "string_literal":
            return _text(node).strip()[1:-1]
        case "variable":
            name = _text(node).lower()
            return CONSTANTS[name] if name in CONSTANTS else known.get(name, Unresolved(name))
    number = re.fullmatch(r"\d+", _text(node).strip())
    return int(number.group()) if number else Unresolved(_text(node)[:60])


def _hash(node: Node, known: dict[str, Any]) -> dict[str, Any]:
    entries = [entry for body in node.named_children for entry in body.named_children if entry.type == "hash_entry"]
    return {_text(e.named_children[0]).strip("\"'"): _value(e.named_children[-1], known) for e in entries}


def _array(node: Node, known: dict[str, Any]) -> list[Any]:
    """PowerShell unrolls one level where the statement inside is itself a list."""
    result: list[Any] = []
    for part in node.named_children:
        for statement in part.named_children if part.type == "statement_list" else [part]:
            value = _value(statement, known)
            is_list = isinstance(value, list) and _core(statement).type in LISTS
            result.extend(value) if is_list else result.append(value)
    return result
