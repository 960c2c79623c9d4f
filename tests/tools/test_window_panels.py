# SPDX-License-Identifier: GPL-3.0-or-later
"""How the window session finds panels: Blender's structs in memory, the sidebar's panels, clicks on their headers."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from tools.project import BuildError
from tools.window_session import dna, sidebar
from tools.window_session.machine import Machine
from tools.window_session.remote import Remote
from tools.window_session.screen import Screen
from tools.window_session.sidebar import Panel, Sidebar
from tools.window_session.window import Window, region_in, wait_for


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to be waited for."""
    monkeypatch.setattr(sidebar, "_STILL_SECONDS", 0.0)


#: Each panel's parent and the rows that it draws itself.
_DRAWN = {
    "main": ("", 100), "timing": ("main", 40), "cleanup": ("main", 30), "fine": ("cleanup", 20),
    "coarse": ("cleanup", 35), "look": ("main", 10),
}  # fmt: skip


def _panels(closed: Sequence[str] = ()) -> dict[str, Panel]:
    """Where they are, from row 50 on: headers of 25 rows, below each what the panel draws, then its sub-panels."""
    found: dict[str, Panel] = {}
    _lay_out("main", 50, closed, found)
    return dict(sorted(found.items(), key=lambda entry: entry[1].top))


def _lay_out(name: str, top: int, closed: Sequence[str], found: dict[str, Panel]) -> int:
    """Add a panel and those in it; the row below them."""
    parent, rows = _DRAWN[name]
    end = top + 25
    if name not in closed:
        end += rows
        for child in (child for child, (holder, _rows) in _DRAWN.items() if holder == name):
            end = _lay_out(child, end, closed, found)
    found[name] = Panel(name, parent, name not in closed, left=10, top=top, right=210, header=top + 25, bottom=end)
    return end


def test_a_panel_is_clicked_in_the_middle_of_its_header() -> None:
    panel = Panel("x", "", True, left=1040, top=286, right=1284, header=311, bottom=400)
    x, y = panel.spot
    assert panel.top < y < panel.header and panel.left + 60 < x < panel.right - 60


def test_a_panels_own_rows_end_where_its_first_sub_panel_begins() -> None:
    panels = _panels()
    assert sidebar.body(panels, "main") == (75, 175)
    alone = Panel("x", "", True, left=0, top=0, right=9, header=25, bottom=60)
    assert sidebar.body({"x": alone}, "x") == (25, 60)


_PARENTS = {name: parent for name, (parent, _rows) in _DRAWN.items()}


@pytest.mark.parametrize(
    ("names", "opened"),
    [
        (["main"], ["main"]),
        (["look"], ["main", "look"]),
        (["cleanup"], ["main", "cleanup", "fine", "coarse"]),
        (["fine"], ["main", "cleanup", "fine"]),
        (["look", "timing"], ["main", "look", "timing"]),
    ],
)
def test_with_a_panel_what_holds_it_and_what_it_holds_is_open(names: list[str], opened: list[str]) -> None:
    assert sidebar.opened_with(_PARENTS, names) == opened


class _Sidebar:
    """Answers as Blender does, and opens or closes the panel whose header is clicked; each move takes a moment."""

    def __init__(self, scrolled: int = 0, *, deaf: int = 0) -> None:
        self.closed = {"timing", "fine"}
        self.scrolled, self.deaf, self.clicks = scrolled, deaf, 0
        self._moving = 0

    def ask(self, what: str, **arguments: Any) -> Any:
        if what == "window":
            place = {"area": "VIEW_3D", "region": "UI", "x": 10, "y": 800, "width": 220, "height": 150, "tab": "T"}
            return {"width": 900, "height": 1000, "scale": 1.0, "modal": [], "regions": [place]}
        if what == "panels":
            return {name: {"label": name, "parent": parent} for name, parent in _PARENTS.items()}
        if what == "panel_places":
            return [self._place(panel) for panel in self._shown().values()]
        if what == "call":
            assert arguments["operator"] == "view2d.pan"
            self.scrolled -= arguments["deltay"]
        return None

    def click(self, x: int, y: int) -> None:
        self.clicks += 1
        if self.deaf:
            self.deaf -= 1
            return
        assert 50 <= y < 200, "the click went beside the sidebar"
        (panel,) = (p for p in self._shown().values() if p.top - self.scrolled <= y < p.header - self.scrolled)
        self.closed ^= {panel.name}
        self._moving = 3

    def _shown(self) -> dict[str, Panel]:
        return _panels(tuple(self.closed))

    def _place(self, panel: Panel) -> dict[str, Any]:
        self._moving = max(self._moving - 1, 0)
        lower = self._moving - self.scrolled
        rows = {edge: 1000 - getattr(panel, edge) - lower for edge in ("top", "header", "bottom")}
        ends = {"left": panel.left, "right": panel.right}
        return {"name": panel.name, "parent": panel.parent, "open": panel.is_open, **ends, **rows}


def _sidebar_of(blender: _Sidebar) -> Sidebar:
    return Sidebar(cast(Screen, blender), Window(cast(Remote, blender)))


@pytest.mark.parametrize("scrolled", [0, 120, -300])
def test_only_what_is_asked_for_stays_open_wherever_the_sidebar_is_scrolled_to(scrolled: int) -> None:
    blender = _Sidebar(scrolled)
    shown = _sidebar_of(blender).only("cleanup")
    assert blender.closed == {"timing", "look"}
    assert [name for name, panel in shown.items() if panel.is_open] == ["main", "cleanup", "fine", "coarse"]
    clicks = blender.clicks
    _sidebar_of(blender).only("cleanup")
    assert blender.clicks == clicks


def test_a_panel_is_scrolled_to_be_seen_as_a_whole_or_refused() -> None:
    blender = _Sidebar()
    panel = _sidebar_of(blender).whole("look")
    assert (panel.top, panel.bottom) == (50, 85) and blender.scrolled > 0
    blender.closed.clear()
    with pytest.raises(BuildError, match="cleanup has 160 rows, the sidebar 150"):
        _sidebar_of(blender).whole("cleanup")


def test_a_click_that_blender_did_not_take_is_made_again() -> None:
    blender = _Sidebar(deaf=2)
    _sidebar_of(blender).set_open("timing", True)
    assert "timing" not in blender.closed and blender.clicks == 3


def test_a_panel_that_does_not_follow_is_told() -> None:
    with pytest.raises(BuildError, match="timing does not open"):
        _sidebar_of(_Sidebar(deaf=100)).set_open("timing", True)


def test_a_panel_that_is_not_there_is_told() -> None:
    with pytest.raises(BuildError, match="no panel hat; it has main, timing"):
        _sidebar_of(_Sidebar()).in_view("hat")


def test_a_region_that_is_not_shown_is_told() -> None:
    with pytest.raises(BuildError, match="no region TOOLS in VIEW_3D"):
        region_in({"regions": [{"area": "VIEW_3D", "region": "UI"}]}, "VIEW_3D", "TOOLS")


def test_what_does_not_happen_in_time_is_told() -> None:
    with pytest.raises(BuildError, match="The end did not happen within 0 s"):
        wait_for("The end", lambda: False, 0.0)
    wait_for("The end", lambda: True, 0.0)


# The mouse.


class _Mouse:
    """Takes down what xdotool is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.words: list[str] = []
        monkeypatch.setattr(Screen, "_xdotool", lambda _screen, *words: self.words.extend(words))

    @property
    def buttons(self) -> list[str]:
        return [word for word in self.words if word in ("mousedown", "mouseup")]


def _screen() -> Screen:
    return Screen(Machine(Path("/"), Path("/x")), Path("/x/home"), ":1")


def test_the_button_is_held_halfway_and_released_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    mouse, seen = _Mouse(monkeypatch), []
    _screen().drag((10, 20), (110, 20), halfway=lambda: seen.append((mouse.buttons, mouse.words[-4:-2])))
    assert seen == [(["mousedown"], ["10", "0"])]
    assert mouse.buttons == ["mousedown", "mouseup"]
    moves = [int(x) for word, x in zip(mouse.words, mouse.words[1:], strict=False) if word == "--"]
    assert sum(moves) == 100 and len(moves) == 10


def test_the_button_does_not_stay_down_when_looking_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    mouse = _Mouse(monkeypatch)
    with pytest.raises(BuildError):
        _screen().drag((0, 0), (9, 9), halfway=lambda: wait_for("It", lambda: False, 0.0))
    assert mouse.buttons == ["mousedown", "mouseup"]


def test_the_wheel_turns_while_a_key_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    mouse = _Mouse(monkeypatch)
    _screen().scroll(1, modifier="ctrl")
    assert mouse.words[:2] == ["keydown", "ctrl"] and mouse.words[-2:] == ["keyup", "ctrl"] and "5" in mouse.words
    mouse.words.clear()
    _screen().scroll(-3)
    assert mouse.words[0] == "click" and {"3", "4"} <= set(mouse.words)


# Blender's structs.


class _List(ctypes.Structure):
    _fields_ = (("first", ctypes.c_void_p), ("last", ctypes.c_void_p))


class _Item(ctypes.Structure):
    _fields_ = (
        ("next", ctypes.c_void_p), ("prev", ctypes.c_void_p), ("name", ctypes.c_char * 12), ("x", ctypes.c_int32),
        ("flag", ctypes.c_int16), ("pad", ctypes.c_char * 6), ("more", ctypes.c_void_p * 2), ("inner", _List),
    )  # fmt: skip


def _blend() -> bytes:
    """A file with the structure DNA of the two above, as Blender writes it."""
    names = ["*first", "*last", "*next", "*prev", "name[12]", "x", "flag", "pad[6]", "*more[2]", "inner"]
    kinds = {"char": 1, "short": 2, "int": 4, "void": 8, "ListBase": ctypes.sizeof(_List), "Item": ctypes.sizeof(_Item)}
    kinds["void"] = 0  # only pointers have it
    structs = {
        "ListBase": [("void", "*first"), ("void", "*last")],
        "Item": [
            ("Item", "*next"), ("Item", "*prev"), ("char", "name[12]"), ("int", "x"), ("short", "flag"),
            ("char", "pad[6]"), ("void", "*more[2]"), ("ListBase", "inner"),
        ],
    }  # fmt: skip
    order = list(kinds)

    def padded(data: bytes) -> bytes:
        return data + b"\0" * (-len(data) % 4)

    def texts(tag: bytes, entries: Iterable[str]) -> bytes:
        parts = [entry.encode() + b"\0" for entry in entries]
        return padded(tag + struct.pack("<i", len(parts)) + b"".join(parts))

    body = b"SDNA" + texts(b"NAME", names) + texts(b"TYPE", order)
    body += padded(b"TLEN" + struct.pack(f"<{len(order)}h", *kinds.values()))
    body += b"STRC" + struct.pack("<i", len(structs))
    for kind, fields in structs.items():
        body += struct.pack("<hh", order.index(kind), len(fields))
        body += b"".join(struct.pack("<hh", order.index(of), names.index(name)) for of, name in fields)
    return b"BLENDER-v402" + b"\x07" * 9 + body + b"ENDB"


def test_fields_lie_where_the_compiler_puts_them() -> None:
    found = dna.layouts(_blend())
    for kind, truth in (("ListBase", _List), ("Item", _Item)):
        places = {name: getattr(truth, name) for name, *_rest in truth._fields_}
        assert {name: (field.offset, field.size) for name, field in found[kind].items()} == {
            name: (place.offset, place.size) for name, place in places.items()
        }


def test_a_struct_in_memory_is_read() -> None:
    first, second = _Item(name=b"eins", x=-7, flag=4), _Item(name=b"zwei", x=2**30)
    first.next = ctypes.addressof(second)
    owner = _Item(inner=_List(ctypes.addressof(first), ctypes.addressof(second)))
    read = dna.Struct(dna.layouts(_blend()), "Item", ctypes.addressof(owner))
    members = list(read.chain("inner", "Item"))
    assert [(item.text("name"), item.number("x"), item.number("flag")) for item in members] == [
        ("eins", -7, 4), ("zwei", 2**30, 0),
    ]  # fmt: skip
    assert list(members[0].chain("inner", "Item")) == []
    assert members[0].pointer("next") == ctypes.addressof(second)


def test_a_file_without_structure_dna_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        dna.layouts(b"BLENDER-v402 and nothing else")
    with pytest.raises(ValueError, match="no part TYPE"):
        dna.layouts(_blend().replace(b"TYPE", b"TAPE"))
