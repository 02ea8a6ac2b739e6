"""Arithmetic from untrusted text: a closed set of operations, bounded in size, nothing evaluated."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

from ci_tools.twin.agents.failures import ToolParametersError

LENGTH_LIMIT: Final = 500
_NODE_LIMIT: Final = 200
_EXPONENT_LIMIT: Final = 1000.0

_BINARY: Final[Mapping[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_UNARY: Final[Mapping[type[ast.unaryop], Callable[[float], float]]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_FUNCTIONS: Final[Mapping[str, tuple[int, Callable[..., float]]]] = {
    "abs": (1, abs),
    "ceil": (1, math.ceil),
    "exp": (1, math.exp),
    "floor": (1, math.floor),
    "log": (1, math.log),
    "log10": (1, math.log10),
    "max": (2, max),
    "min": (2, min),
    "round": (1, round),
    "sqrt": (1, math.sqrt),
}
_CONSTANTS: Final[Mapping[str, float]] = {"e": math.e, "pi": math.pi}


def evaluate(expression: str) -> float:
    """The value of *expression*, always finite.

    Raises:
        ToolParametersError: Not an expression of this language, too large, or without a finite value.
    """
    try:
        value = _number(_parsed(expression))
    except (ArithmeticError, ValueError) as error:
        raise ToolParametersError(f"{expression!r} has no value: {error}; give other operands") from error
    if not math.isfinite(value):
        raise ToolParametersError(f"{expression!r} is not finite ({value}); give smaller operands")
    return value


def _parsed(expression: str) -> ast.expr:
    if len(expression) > LENGTH_LIMIT:
        raise ToolParametersError(
            f"expression of {len(expression)} characters; at most {LENGTH_LIMIT} are evaluated: split it"
        )
    try:
        tree = ast.parse(expression.replace("^", "**").strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ToolParametersError(
            f"{expression!r} is not arithmetic; allowed: numbers, + - * / // % ^ ( ) and {_vocabulary()}"
        ) from error
    if sum(1 for _ in ast.walk(tree)) > _NODE_LIMIT:
        raise ToolParametersError(f"expression of more than {_NODE_LIMIT} parts; split it")
    return tree.body


def _number(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=bool()):
            raise _refused(node)
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.BinOp(op=ast.Pow()):
            return _power(_number(node.left), _number(node.right))
        case ast.BinOp(op=op) if type(op) in _BINARY:
            return _BINARY[type(op)](_number(node.left), _number(node.right))
        case ast.UnaryOp(op=sign) if type(sign) in _UNARY:
            return _UNARY[type(sign)](_number(node.operand))
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
            return _applied(name, [_number(argument) for argument in node.args])
        case _:
            raise _refused(node)


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > _EXPONENT_LIMIT:
        raise ToolParametersError(f"exponent {exponent:g} is out of range; at most {_EXPONENT_LIMIT:g}")
    value = base**exponent
    if isinstance(value, complex):
        raise ToolParametersError(f"{base:g} ^ {exponent:g} is not a real number; give other operands")
    return float(value)


def _applied(name: str, arguments: list[float]) -> float:
    arity, function = _FUNCTIONS[name]
    if len(arguments) < arity or (arity == 1 and len(arguments) > 1):
        raise ToolParametersError(f"{name} takes {arity} argument(s), got {len(arguments)}")
    return float(function(*arguments))


def _refused(node: ast.expr) -> ToolParametersError:
    return ToolParametersError(
        f"{type(node).__name__.lower()} is not allowed in an expression; allowed: numbers, "
        f"+ - * / // % ^ ( ) and {_vocabulary()}"
    )


def _vocabulary() -> str:
    return ", ".join(sorted((*_FUNCTIONS, *_CONSTANTS)))
