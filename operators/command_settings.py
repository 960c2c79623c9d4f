# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting of the panels as an option of the command line, made from the property groups themselves."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from typing import Any

import bpy

#: Where the options' values are kept in the parsed arguments.
_PREFIX = "setting "
#: Options whose property's own name would say too little; and what is of use in the interface alone.
_NAMES = {"timing.mode": "timing"}
_INTERFACE_ONLY = "active_"
#: Blender's names of units; panels show these angles in degrees.
_SECONDS, _ANGLE = "TIME_ABSOLUTE", "ROTATION"


def add_settings(parser: argparse.ArgumentParser, group: type[bpy.types.PropertyGroup]) -> None:
    """Add an option for each setting in the groups below ``group``: ``--smooth-head``, ``--driving``…

    A name that two groups share gets its group's in front: ``--head-amount``.
    """
    found = [(path, prop) for path, prop in _settings(group.bl_rna) if prop.type in _KINDS]
    names = [prop.identifier for _, prop in found]
    sections: dict[str, Any] = {}
    for path, prop in found:
        section = path.split(".")[0]
        if section not in sections:
            sections[section] = parser.add_argument_group(f"{section} settings")
        shared = names.count(prop.identifier) > 1
        name = _NAMES.get(path, path.replace(".", "-") if shared else prop.identifier)
        _KINDS[prop.type](sections[section], f"--{name.replace('_', '-')}", _PREFIX + path, prop)


def apply_settings(options: argparse.Namespace, group: bpy.types.PropertyGroup) -> None:
    """Give ``group`` the values of all options that were used."""
    for path, prop in _settings(group.bl_rna):
        value = getattr(options, _PREFIX + path, None)
        if value is not None:
            *parents, name = path.split(".")
            owner = group
            for parent in parents:
                owner = getattr(owner, parent)
            setattr(owner, name, math.radians(value) if _unit(prop) == _ANGLE else value)


def _settings(structure: bpy.types.Struct, above: str = "") -> Iterator[tuple[str, bpy.types.Property]]:
    """Single values below a group, with their paths. Collections have no form as an option."""
    for prop in structure.properties:
        if prop.identifier in ("rna_type", "name") or prop.identifier.startswith(_INTERFACE_ONLY):
            continue
        path = f"{above}{prop.identifier}"
        inner = bpy.types.PropertyGroup.bl_rna_get_subclass_py(prop.fixed_type.identifier) if _is_group(prop) else None
        if inner is not None:
            yield from _settings(inner.bl_rna, f"{path}.")
        elif prop.type in _KINDS and not getattr(prop, "is_array", False) and not prop.is_readonly:
            yield path, prop


def _unit(prop: bpy.types.Property) -> str:
    """Blender's name of a number's unit; whole numbers have none."""
    return getattr(prop, "unit", "NONE")


def _is_group(prop: bpy.types.Property) -> bool:
    return prop.type == "POINTER"


def _add_flag(section: Any, option: str, key: str, prop: bpy.types.Property) -> None:
    section.add_argument(
        option, dest=key, action=argparse.BooleanOptionalAction, default=None, help=_help(prop, prop.default)
    )


def _add_number(section: Any, option: str, key: str, prop: bpy.types.Property) -> None:
    whole, unit = prop.type == "INT", _unit(prop)
    factor = math.degrees(1.0) if unit == _ANGLE else 1.0
    low, high = prop.hard_min * factor, prop.hard_max * factor
    default = prop.default if whole else round(prop.default * factor, 4)
    metavar = {_ANGLE: "DEGREES", _SECONDS: "SECONDS"}.get(unit, "N" if whole else "X")
    section.add_argument(
        option, dest=key, type=_number(int if whole else float, low, high), metavar=metavar, help=_help(prop, default)
    )


def _add_choice(section: Any, option: str, key: str, prop: bpy.types.Property) -> None:
    choices = {item.identifier.lower(): item.identifier for item in prop.enum_items}

    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(choices)}")
        return choices[text.lower()]

    metavar = "{" + ",".join(choices) + "}"
    section.add_argument(option, dest=key, type=parse, metavar=metavar, help=_help(prop, prop.default.lower()))


def _add_text(section: Any, option: str, key: str, prop: bpy.types.Property) -> None:
    section.add_argument(option, dest=key, metavar="TEXT", help=_help(prop, prop.default or "none"))


_KINDS: dict[str, Callable[[Any, str, str, bpy.types.Property], None]] = {
    "BOOLEAN": _add_flag,
    "INT": _add_number,
    "FLOAT": _add_number,
    "ENUM": _add_choice,
    "STRING": _add_text,
}


def _number(kind: type, low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low - 1e-6 <= value <= high + 1e-6:
            raise argparse.ArgumentTypeError(
                f"{text} is no {'whole ' if kind is int else ''}number {_range(low, high)}"
            )
        return value

    return parse


def _range(low: float, high: float) -> str:
    """In words; the bounds that Blender has for every number say nothing."""
    if high < 1e9:
        return f"from {low:.7g} to {high:.7g}"
    return f"of at least {low:.7g}" if low > -1e9 else ""


def _help(prop: bpy.types.Property, default: object) -> str:
    text = (prop.description or prop.name).replace("%", "%%")
    shown = {True: "on", False: "off"}.get(default, default) if isinstance(default, bool) else default
    return f"{text} (default: {shown})"
