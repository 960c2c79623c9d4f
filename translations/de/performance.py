# SPDX-License-Identifier: GPL-3.0-or-later
"""German: timing, clean-up and the neutral face."""

TEXTS: dict[str, str] = {
    # timing
    "Timing": "Timing",
    "How the footage's time becomes the scene's": "Wie aus der Zeit des Filmmaterials die der Szene wird",
    "Real Time": "Echtzeit",
    "A second of footage is a second of the scene, whatever their frame rates": (
        "Eine Sekunde Filmmaterial ist eine Sekunde der Szene, unabhängig von den Bildraten"
    ),
    "Frame by Frame": "Bild für Bild",
    "Each frame of the footage is one frame of the scene; where the rates differ, the speed changes": (
        "Jedes Bild des Filmmaterials ist ein Einzelbild der Szene; bei verschiedenen Bildraten ändert sich das Tempo"
    ),
    "Stretch": "Strecken",
    "Real time, slowed down or sped up by a factor": "Echtzeit, um einen Faktor verlangsamt oder beschleunigt",
    "How many times as long as the footage the animation is: 2 is half the speed": (
        "Wievielmal so lang wie das Filmmaterial die Animation ist: 2 ist halbes Tempo"
    ),
    "Start Frame": "Startbild",
    "Frame of the scene on which the footage begins; an in point keeps its distance from here": (
        "Einzelbild der Szene, auf dem das Filmmaterial beginnt; ein In-Punkt behält seinen Abstand dazu"
    ),
    "Keys": "Schlüssel",
    "Where the keys are put": "Wohin die Schlüsselbilder gesetzt werden",
    "Whole Frames": "Ganze Einzelbilder",
    "One key on every frame of the scene, resampled from the footage": (
        "Ein Schlüsselbild auf jedem Einzelbild der Szene, aus dem Filmmaterial neu abgetastet"
    ),
    "Subframes": "Unterrahmen",
    "One key for each frame of the footage, exactly at its time, between the scene's frames": (
        "Ein Schlüsselbild für jedes Bild des Filmmaterials, genau zu dessen Zeit, zwischen den Einzelbildern der Szene"
    ),
    "Set Scene Range": "Szenenbereich",
    "The scene's range was set by hand and stays": "Der Bereich der Szene wurde von Hand gesetzt und bleibt",
    "The scene's range was set by hand and stays; switch it off and on to get {first} to {last}": (
        "Der Bereich der Szene wurde von Hand gesetzt und bleibt; aus- und einschalten setzt {first} bis {last}"
    ),
    "Make the scene's frame range that of the animation, and let it follow until it is changed by hand": (
        "Den Bildbereich der Szene auf den der Animation setzen und folgen lassen, bis er von Hand geändert wird"
    ),
    "Mark Gaps": "Lücken markieren",
    "Put markers on the timeline where the face was lost and where it came back": (
        "Marker auf die Zeitleiste setzen, wo das Gesicht verloren ging und wo es wiederkam"
    ),
    "Thin Keys": "Ausdünnen",
    "Leave out all keys but those that the largest error below needs, so that the curves can be edited by hand": (
        "Alle Schlüsselbilder weglassen außer denen, die der größte Fehler unten verlangt, damit die Kurven von "
        "Hand bearbeitet werden können"
    ),
    "Shape Error": "Formfehler",
    "How far a thinned shape key may be off, as a share of its range": (
        "Wie weit ein ausgedünnter Formschlüssel abweichen darf, als Anteil seines Bereichs"
    ),
    "Rotation Error": "Rotationsfehler",
    "How far the thinned rotation of head and neck may be off": (
        "Wie weit die ausgedünnte Rotation von Kopf und Hals abweichen darf"
    ),
    "Location (mm)": "Position (mm)",
    "How far the thinned movement of the head may be off, in millimetres of the head": (
        "Wie weit die ausgedünnte Bewegung des Kopfes abweichen darf, in Millimetern des Kopfes"
    ),
    "Set Scene Rate to Footage": "Szenenrate wie Filmmaterial",
    "Give the scene exactly the footage's frame rate, and bake the heads in it again": (
        "Der Szene genau die Bildrate des Filmmaterials geben und die Köpfe darin neu backen"
    ),
    "Bake Again": "Neu backen",
    "Bake the captured heads of this scene again, at its present frame rate": (
        "Die erfassten Köpfe dieser Szene neu backen, mit ihrer jetzigen Bildrate"
    ),
    "Scene {rate} fps": "Szene {rate} fps",
    "Footage {footage} fps, scene {scene} fps": "Filmmaterial {footage} fps, Szene {scene} fps",
    "Footage {footage} fps (variable), scene {scene} fps": "Filmmaterial {footage} fps (variabel), Szene {scene} fps",
    "Footage a photo, scene {scene} fps": "Filmmaterial ein Foto, Szene {scene} fps",
    "The animation is {factor:.3g} times as long as the footage": (
        "Die Animation ist {factor:.3g}-mal so lang wie das Filmmaterial"
    ),
    "The scene's rate was changed after {head} had been baked": (
        "Die Rate der Szene wurde geändert, nachdem {head} gebacken war"
    ),
    "The scene has {rate} frames per second now": "Die Szene hat jetzt {rate} Einzelbilder pro Sekunde",
    "{kept} of {all} keys, off by at most {weight:.2g} %, {degrees:.2g}°, {millimetres:.2g} mm": (
        "{kept} von {all} Schlüsseln, höchste Abweichung {weight:.2g} %, {degrees:.2g}°, {millimetres:.2g} mm"
    ),
    # clean-up
    "Clean-up": "Bereinigung",
    "Min Confidence": "Min. Konfidenz",
    "Frames of which the tracker is less sure than this count as lost": (
        "Bilder, bei denen die Verfolgung unsicherer ist, gelten als verloren"
    ),
    "Lost Face": "Lücken",
    "What happens where the face was not seen": "Was geschieht, wo das Gesicht nicht zu sehen war",
    "Interpolate": "Interpolieren",
    "Where the face was lost, move straight from the last seen pose to the next": (
        "Wo das Gesicht verloren ging, gerade von der letzten gesehenen Pose zur nächsten gehen"
    ),
    "Hold": "Anhalten",
    "Where the face was lost, keep the last seen pose": "Wo das Gesicht verloren ging, die letzte gesehene Pose halten",
    "Ease to Neutral": "Zu neutral entspannen",
    "Where the face was lost, let the expression relax to neutral and return in time, and turn the head gently": (
        "Wo das Gesicht verloren ging, den Ausdruck zu neutral entspannen und rechtzeitig zurückkehren lassen und "
        "den Kopf sanft drehen"
    ),
    "Wait": "Warten",
    "How long the last expression stays before it relaxes, and how long before the face returns it is back": (
        "Wie lange der letzte Ausdruck bleibt, bevor er sich entspannt, und wie lange vor der Rückkehr des Gesichts"
        " er wieder da ist"
    ),
    "Ease": "Übergang",
    "How long the expression takes to neutral, and back": "Wie lange der Ausdruck zu neutral und zurück braucht",
    "Remove Spikes": "Ausreißer entfernen",
    "Bridge frames in which the head or the face jumps away and straight back; blinks always stay": (
        "Bilder überbrücken, in denen Kopf oder Gesicht weg- und gleich zurückspringen; Blinzeln bleibt immer"
    ),
    "Threshold": "Schwellwert",
    "How many times the usual movement from frame to frame a jump must be; less removes more": (
        "Wievielmal so groß wie die übliche Bewegung von Bild zu Bild ein Sprung sein muss; weniger entfernt mehr"
    ),
    "Longest": "Längstes",
    "Jumps that last longer, in seconds, are no spikes; a single frame always may be one": (
        "Sprünge, die länger dauern, in Sekunden, sind keine Ausreißer; ein einzelnes Bild kann immer einer sein"
    ),
    "No spike was found": "Es wurde kein Ausreißer gefunden",
    "Bridged frame {frame}": "Einzelbild {frame} überbrückt",
    "Bridged {count} frames: {frames}": "{count} Einzelbilder überbrückt: {frames}",
    "Full Blinks": "Vollständiger Lidschluss",
    (
        "Where the actor's eyes close, the lids meet by the blink alone, so that other characters close their eyes "
        "too; recordings of other programs stay as they are"
    ): (
        "Wo der Darsteller die Augen schließt, treffen sich die Lider allein durch das Blinzeln, sodass auch andere "
        "Figuren die Augen schließen; Aufnahmen anderer Programme bleiben, wie sie sind"
    ),
    "Smoothing": "Glättung",
    "Smooth Head": "Kopf glätten",
    "How far smoothing of the head's movement reaches, in seconds; 0 keeps every detail and every jitter": (
        "Wie weit die Glättung der Kopfbewegung reicht, in Sekunden; 0 behält jede Einzelheit und jedes Zittern"
    ),
    "Brows": "Brauen",
    "Eyes": "Augen",
    "Mouth": "Mund",
    "Smooth Brows": "Brauen glätten",
    "How far smoothing of the brows reaches, in seconds; 0 keeps every detail and every jitter": (
        "Wie weit die Glättung der Brauen reicht, in Sekunden; 0 behält jede Einzelheit und jedes Zittern"
    ),
    "Smooth Eyes": "Augen glätten",
    "How far smoothing of eyelids and gaze reaches, in seconds; 0 keeps every detail and every jitter": (
        "Wie weit die Glättung von Lidern und Blick reicht, in Sekunden; 0 behält jede Einzelheit und jedes Zittern"
    ),
    "Smooth Mouth": "Mund glätten",
    (
        "How far smoothing of mouth, jaw, cheeks, nose and tongue reaches, in seconds; 0 keeps every detail and "
        "every jitter"
    ): (
        "Wie weit die Glättung von Mund, Kiefer, Wangen, Nase und Zunge reicht, in Sekunden; 0 behält jede "
        "Einzelheit und jedes Zittern"
    ),
    "Keep Peaks": "Spitzenerhalt",
    (
        "How much of blinks, lip closures and other quick movements comes back after smoothing; 0 smooths "
        "everything alike"
    ): (
        "Wie viel von Blinzeln, Lippenschlüssen und anderen schnellen Bewegungen nach dem Glätten zurückkommt; 0 "
        "glättet alles gleich"
    ),
    "Gains": "Verstärkung",
    "Head Gain": "Stärke Kopf",
    "How far the head turns and moves from its mean pose; 1 = as captured": (
        "Wie weit sich der Kopf von seiner mittleren Pose weg dreht und bewegt; 1 = wie erfasst"
    ),
    "Brows Gain": "Stärke Brauen",
    "How strongly the brows move; 1 = as captured": "Wie stark sich die Brauen bewegen; 1 = wie erfasst",
    "Eyes Gain": "Stärke Augen",
    "How strongly eyelids and gaze move; 1 = as captured": "Wie stark sich Lider und Blick bewegen; 1 = wie erfasst",
    "Mouth Gain": "Stärke Mund",
    "How strongly mouth, jaw, cheeks, nose and tongue move; 1 = as captured": (
        "Wie stark sich Mund, Kiefer, Wangen, Nase und Zunge bewegen; 1 = wie erfasst"
    ),
    "Gain": "Verstärkung",
    "How strong this shape key is, beside its group's gain; 1 = as captured": (
        "Wie stark dieser Formschlüssel ist, neben der Verstärkung seiner Gruppe; 1 = wie erfasst"
    ),
    "Channel": "Kanal",
    "The chosen shape key of the list": "Der gewählte Formschlüssel der Liste",
    "Reset Gains": "Verstärkung zurücksetzen",
    "Set the gains of all groups and shape keys back to 1: as captured": (
        "Die Verstärkungen aller Gruppen und Formschlüssel auf 1 zurücksetzen: wie erfasst"
    ),
    (
        "Drive is set to Expression: of the ARKit shape keys only eyelids, gaze and tongue move; gains of the others "
        "count on other characters and in exports"
    ): (
        "'Steuern mit' steht auf 'Ausdruck': Von den ARKit-Formschlüsseln bewegen sich nur Lider, Blick und Zunge; die "
        "Verstärkung der anderen zählt auf anderen Figuren und in Exporten"
    ),
    "Balance": "Balance",
    "Balance Brows": "Balance Brauen",
    "Strengthens the brow on the actor's left (above 0) or right (below 0) and weakens the other side": (
        "Verstärkt die Braue auf der linken (über 0) oder rechten (unter 0) Seite des Darstellers und schwächt die "
        "andere Seite ab"
    ),
    "Balance Eyes": "Balance Augen",
    "Strengthens the eyelids on the actor's left (above 0) or right (below 0) and weakens the other side": (
        "Verstärkt die Lider auf der linken (über 0) oder rechten (unter 0) Seite des Darstellers und schwächt die "
        "andere Seite ab"
    ),
    "Balance Mouth": "Balance Mund",
    "Strengthens mouth, cheek and nose on the actor's left (above 0) or right (below 0) and weakens the other side": (
        "Verstärkt Mund, Wange und Nase auf der linken (über 0) oder rechten (unter 0) Seite des Darstellers und "
        "schwächt die andere Seite ab"
    ),
    "Even Brows": "Symm. Brauen",
    "Pulls both brows to their mean": "Zieht beide Brauen zu ihrem Mittel",
    "Even Eyes": "Symm. Augen",
    "Pulls the eyelids to their mean, and both eyes to the same gaze": (
        "Zieht die Lider zu ihrem Mittel und beide Augen zum selben Blick"
    ),
    "Even Mouth": "Symm. Mund",
    "Pulls both halves of mouth, cheeks and nose to their mean, and centres the jaw": (
        "Zieht beide Hälften von Mund, Wangen und Nase zu ihrem Mittel und zentriert den Kiefer"
    ),
    # neutral
    "Neutral": "Neutral",
    "Neutral Face": "Neutralgesicht",
    "Which face becomes neutral": "Welches Gesicht neutral wird",
    "As Captured": "Wie erfasst",
    "Every channel as it was measured": "Jeder Kanal, wie er gemessen wurde",
    "Automatic": "Automatisch",
    "The calmest frames with the least in the face are the neutral face": (
        "Die ruhigsten Bilder mit der geringsten Mimik sind das neutrale Gesicht"
    ),
    "One Moment": "Ein Moment",
    "The face at a moment of the footage is the neutral one": (
        "Das Gesicht in einem Moment des Filmmaterials ist das neutrale"
    ),
    "Range": "Bereich",
    "The usual face within a range of the footage is the neutral one": (
        "Das übliche Gesicht in einem Bereich des Filmmaterials ist das neutrale"
    ),
    "Moment": "Moment",
    "When the face is neutral, in seconds of the footage": (
        "Wann das Gesicht neutral ist, in Sekunden des Filmmaterials"
    ),
    "From": "Von",
    "When the neutral range begins, in seconds of the footage": (
        "Wann der neutrale Bereich beginnt, in Sekunden des Filmmaterials"
    ),
    "To": "Bis",
    "When the neutral range ends, in seconds of the footage": (
        "Wann der neutrale Bereich endet, in Sekunden des Filmmaterials"
    ),
    "Neutral from Current Frame": "Neutral aus aktuellem Bild",
    "Make the actor's face in the scene's current frame the neutral one": (
        "Das Gesicht des Darstellers im aktuellen Einzelbild der Szene zum neutralen machen"
    ),
    "Neutral from Range": "Neutral aus Bereich",
    "Make the actor's usual face within the scene's preview range the neutral one; without one, its frame range": (
        "Das übliche Gesicht des Darstellers im Vorschaubereich der Szene zum neutralen machen; ohne einen in ihrem"
        " Bildbereich"
    ),
    "Apply to": "Anwenden auf",
    "Expression": "Ausdruck",
    "Brows, cheeks, mouth and the ten components rest at zero, and still reach their full range": (
        "Brauen, Wangen, Mund und die zehn Komponenten ruhen bei null und erreichen weiterhin ihren vollen Bereich"
    ),
    "Eyelids": "Lider",
    "Resting eyelids are open, and the actor's blinks close the eyes entirely": (
        "Ruhende Lider sind offen, und das Blinzeln des Darstellers schließt die Augen ganz"
    ),
    "Gaze": "Blick",
    "The resting gaze goes straight ahead": "Der ruhende Blick geht geradeaus",
}
