# SPDX-License-Identifier: GPL-3.0-or-later
"""Gaps, spikes, smoothing, gains and balance of a captured performance."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, IntProperty

from ...ddfa_blender.cleaning import cleanup as core
from ...ddfa_blender.cleaning.channel_groups import GroupValues
from ...ddfa_blender.cleaning.gains import Balance, Gains
from ...ddfa_blender.cleaning.gaps import GapSettings
from ...ddfa_blender.cleaning.smoothing import Smoothing
from ...ddfa_blender.cleaning.spikes import SpikeSettings
from ...ddfa_blender.names import ARKIT_NAMES, EXPRESSION_NAMES
from ...ddfa_blender.solve import SolveSettings
from ...translations import CONTEXT
from .. import live

_GAPS = (
    ("interpolate", "Interpolate", "Where the face was lost, move straight from the last seen pose to the next"),
    ("hold", "Hold", "Where the face was lost, keep the last seen pose"),
    (
        "ease",
        "Ease to Neutral",
        "Where the face was lost, let the expression relax to neutral and return in time, and turn the head gently",
    ),
)
#: Threshold with which spike removal is switched on first: on real footage it finds glitches and little else.
_THRESHOLD = 6.0


def _seconds(name: str, description: str, default: float, soft_max: float) -> bpy.types.FloatProperty:
    return FloatProperty(
        name=name,
        description=description,
        translation_context=CONTEXT,
        default=default,
        min=0.0,
        soft_max=soft_max,
        max=5.0,
        step=1,
        precision=2,
        unit="TIME_ABSOLUTE",
        update=live.changed,
    )


def _smoothing(name: str, channels: str) -> bpy.types.FloatProperty:
    return _seconds(
        f"Smooth {name}",
        f"How far smoothing of {channels} reaches, in seconds; 0 keeps every detail and every jitter",
        getattr(Smoothing(), name.lower()),
        0.5,
    )


def _gain(name: str, description: str) -> bpy.types.FloatProperty:
    return FloatProperty(
        name=name,
        description=description,
        default=1.0,
        min=0.0,
        soft_max=2.0,
        max=10.0,
        step=1,
        precision=2,
        update=live.changed,
    )


def _balance(name: str, what: str) -> bpy.types.FloatProperty:
    return FloatProperty(
        name=f"Balance {name}",
        description=f"Strengthens {what} on the actor's left (above 0) or right (below 0) and weakens the other side",
        default=0.0,
        min=-1.0,
        max=1.0,
        step=1,
        precision=2,
        update=live.changed,
    )


def _symmetry(name: str, description: str) -> bpy.types.FloatProperty:
    return FloatProperty(
        name=f"Even {name}",
        description=description,
        default=0.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=live.changed,
    )


class ChannelGain(bpy.types.PropertyGroup):
    """The gain of the shape key called ``name``."""

    gain: _gain("Gain", "How strong this shape key is, beside its group's gain; 1 = as captured")


class CleanUpSettings(bpy.types.PropertyGroup):
    """What happens to lost frames and jitter, and how strong the channels are."""

    min_confidence: FloatProperty(
        name="Min Confidence",
        description="Frames of which the tracker is less sure than this count as lost",
        default=SolveSettings().min_confidence,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=live.changed,
    )
    gaps: EnumProperty(
        name="Lost Face", description="What happens where the face was not seen", items=_GAPS, update=live.changed
    )
    gap_wait: _seconds(
        "Wait",
        "How long the last expression stays before it relaxes, and how long before the face returns it is back",
        GapSettings().wait,
        2.0,
    )
    gap_ease: _seconds("Ease", "How long the expression takes to neutral, and back", GapSettings().ease, 2.0)
    use_spikes: BoolProperty(
        name="Remove Spikes",
        description="Bridge frames in which the head or the face jumps away and straight back; blinks always stay",
        default=False,
        update=live.changed,
    )
    spike_threshold: FloatProperty(
        name="Threshold",
        description="How many times the usual movement from frame to frame a jump must be; less removes more",
        default=_THRESHOLD,
        min=1.0,
        soft_min=3.0,
        soft_max=20.0,
        max=100.0,
        step=10,
        precision=1,
        update=live.changed,
    )
    spike_longest: FloatProperty(
        name="Longest",
        description="Jumps that last longer, in seconds, are no spikes; a single frame always may be one",
        default=SpikeSettings().longest,
        min=0.0,
        soft_max=0.15,
        max=0.5,
        step=1,
        precision=3,
        unit="TIME_ABSOLUTE",
        update=live.changed,
    )
    full_blinks: BoolProperty(
        name="Full Blinks",
        description="Where the actor's eyes close, the lids meet by the blink alone, so that other characters close "
        "their eyes too; recordings of other programs stay as they are",
        default=core.CleanUpSettings().full_blinks,
        update=live.changed,
    )
    smooth_head: _smoothing("Head", "the head's movement")
    smooth_brows: _smoothing("Brows", "the brows")
    smooth_eyes: _smoothing("Eyes", "eyelids and gaze")
    smooth_mouth: _smoothing("Mouth", "mouth, jaw, cheeks, nose and tongue")
    keep_peaks: FloatProperty(
        name="Keep Peaks",
        description="How much of blinks, lip closures and other quick movements comes back after smoothing; 0 smooths "
        "everything alike",
        default=Smoothing().keep_peaks,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=live.changed,
    )
    gain_head: _gain("Head Gain", "How far the head turns and moves from its mean pose; 1 = as captured")
    gain_brows: _gain("Brows Gain", "How strongly the brows move; 1 = as captured")
    gain_eyes: _gain("Eyes Gain", "How strongly eyelids and gaze move; 1 = as captured")
    gain_mouth: _gain("Mouth Gain", "How strongly mouth, jaw, cheeks, nose and tongue move; 1 = as captured")
    channel_gains: CollectionProperty(type=ChannelGain)
    active_channel: IntProperty(name="Channel", description="The chosen shape key of the list", options={"SKIP_SAVE"})
    balance_brows: _balance("Brows", "the brow")
    balance_eyes: _balance("Eyes", "the eyelids")
    balance_mouth: _balance("Mouth", "mouth, cheek and nose")
    even_brows: _symmetry("Brows", "Pulls both brows to their mean")
    even_eyes: _symmetry("Eyes", "Pulls the eyelids to their mean, and both eyes to the same gaze")
    even_mouth: _symmetry("Mouth", "Pulls both halves of mouth, cheeks and nose to their mean, and centres the jaw")

    def list_channels(self) -> None:
        """Give every shape key a gain; those that have one keep it. Not while a panel is drawn."""
        known = {item.name for item in self.channel_gains}
        with live.paused():
            for name in (*EXPRESSION_NAMES, *ARKIT_NAMES):
                if name not in known:
                    self.channel_gains.add().name = name

    def gap_settings(self) -> GapSettings:
        """For filling the gaps."""
        return GapSettings(self.gaps, self.gap_wait, self.gap_ease)

    def spike_settings(self) -> SpikeSettings:
        """For taking out spikes."""
        return SpikeSettings(self.spike_threshold if self.use_spikes else 0.0, self.spike_longest)

    def smoothing(self) -> Smoothing:
        """Of each group."""
        return Smoothing(self.smooth_head, self.smooth_brows, self.smooth_eyes, self.smooth_mouth, self.keep_peaks)

    def gains(self) -> Gains:
        """Of groups and single channels."""
        channels = {item.name: item.gain for item in self.channel_gains if item.gain != 1.0}
        return Gains(self.gain_head, self.gain_brows, self.gain_eyes, self.gain_mouth, channels)

    def balance(self) -> Balance:
        """Left against right."""
        return Balance(
            shift=GroupValues(brows=self.balance_brows, eyes=self.balance_eyes, mouth=self.balance_mouth),
            symmetrise=GroupValues(brows=self.even_brows, eyes=self.even_eyes, mouth=self.even_mouth),
        )


classes = (ChannelGain, CleanUpSettings)
