# SPDX-License-Identifier: GPL-3.0-or-later
"""German: shape keys fitted to heads without any, mixing and following of a character, presets of mappings."""

from ...ddfa_blender.names import ARKIT_NAMES

TEXTS: dict[str, str] = {
    # shape keys for heads without any
    "New Shape Keys": "Neue Formschlüssel",
    "Make Shape Keys": "Formschlüssel anlegen",
    "Fit the 52 ARKit expressions to the selected neutral head as shape keys, to look at before you keep them": (
        "Die 52 ARKit-Ausdrücke als Formschlüssel an den ausgewählten neutralen Kopf anpassen, zum Ansehen vor dem "
        "Behalten"
    ),
    "Made {keys} shape keys; look at them, then keep or discard them": (
        "{keys} Formschlüssel angelegt; sie ansehen, dann behalten oder verwerfen"
    ),
    "Fitting the head, {} %": "Kopf wird angepasst, {} %",
    "Shape keys are being made": "Formschlüssel werden angelegt",
    "Cancelled; no shape keys were made": "Abgebrochen; keine Formschlüssel angelegt",
    "The scene is gone; make the shape keys again in another one.": (
        "Die Szene ist weg; die Formschlüssel in einer anderen noch einmal anlegen."
    ),
    "Keep": "Behalten",
    "Keep the new shape keys and make these meshes the character": (
        "Die neuen Formschlüssel behalten und diese Meshes zur Figur machen"
    ),
    "Kept the new shape keys": "Neue Formschlüssel behalten",
    "Discard": "Verwerfen",
    "Take the new shape keys away; the meshes are as they were": (
        "Die neuen Formschlüssel wegnehmen; die Meshes sind, wie sie waren"
    ),
    "Discarded the new shape keys": "Neue Formschlüssel verworfen",
    "Place Landmarks": "Landmarken setzen",
    (
        "Put empties on the selected head for you to move to its eyes, nose, mouth and chin; only needed if it is not "
        "found by its shape"
    ): (
        "Leerobjekte auf den ausgewählten Kopf setzen, die auf Augen, Nase, Mund und Kinn zu schieben sind; nur nötig, "
        "wenn er an seiner Form nicht gefunden wird"
    ),
    "Move the landmarks onto the face, then make the shape keys": (
        "Die Landmarken auf das Gesicht schieben, dann die Formschlüssel anlegen"
    ),
    "Remove Landmarks": "Landmarken entfernen",
    "Take the landmarks away": "Die Landmarken wegnehmen",
    "No landmarks are placed": "Keine Landmarken gesetzt",
    "No new shape keys are waiting": "Keine neuen Formschlüssel warten",
    "Eyes and Teeth": "Augen und Zähne",
    (
        "New shape keys also turn eyeballs with the gaze and move lower teeth and tongue with the jaw; switch it off "
        "if bones do that"
    ): (
        "Neue Formschlüssel drehen auch Augäpfel mit dem Blick und bewegen untere Zähne und Zunge mit dem Kiefer; "
        "ausschalten, wenn Knochen das tun"
    ),
    "Which of the new shape keys you see": "Welcher der neuen Formschlüssel zu sehen ist",
    "Strength": "Stärke",
    "How strongly you see it": "Wie stark er zu sehen ist",
    "Fitted to {mean:.2f} % of the head's height on average, {largest:.1f} % at worst": (
        "Angepasst auf {mean:.2f} % der Kopfhöhe im Mittel, schlimmstenfalls {largest:.1f} %"
    ),
    "Fits worst: {}": "Passt am schlechtesten: {}",
    # what is kept about them
    "The new shape keys are neither kept nor discarded yet": (
        "Die neuen Formschlüssel sind noch weder behalten noch verworfen"
    ),
    "Basis": "Basis",
    "The mesh had no shape keys at all before": "Das Mesh hatte vorher gar keine Formschlüssel",
    "Mean Distance": "Mittlerer Abstand",
    "Between the fitted head and the mesh, in percent": "Zwischen angepasstem Kopf und Mesh, in Prozent",
    "Largest Distance": "Größter Abstand",
    "The same where it fits worst, in percent": "Dasselbe, wo es am schlechtesten passt, in Prozent",
    "Worst Parts": "Schlechteste Teile",
    "Parts of the face that fit worst": "Teile des Gesichts, die am schlechtesten passen",
    # why not
    "Keep or discard the new shape keys first": "Zuerst die neuen Formschlüssel behalten oder verwerfen",
    "Select the meshes of the character's head: face, eyes, teeth": (
        "Die Meshes des Kopfes der Figur auswählen: Gesicht, Augen, Zähne"
    ),
    "A captured head has its shape keys already; select another character's meshes": (
        "Ein erfasster Kopf hat seine Formschlüssel schon; die Meshes einer anderen Figur auswählen"
    ),
    "The mesh is linked from another file; make it local first": (
        "Das Mesh ist aus einer anderen Datei verknüpft; es zuerst lokal machen"
    ),
    "The mesh is being edited; go back to object mode first": (
        "Das Mesh wird bearbeitet; zuerst in den Objektmodus zurückgehen"
    ),
    "Several objects share the mesh; make it single-user first (Object, Relations, Make Single User)": (
        "Mehrere Objekte teilen das Mesh; es zuerst zum Einzelbenutzer machen (Objekt, Beziehungen, Einzelbenutzer)"
    ),
    "The mesh is half a face with a Mirror modifier; apply the modifier first": (
        "Das Mesh ist ein halbes Gesicht mit Spiegeln-Modifikator; den Modifikator zuerst anwenden"
    ),
    "The mesh has absolute shape keys; make them relative first": (
        "Das Mesh hat absolute Formschlüssel; sie zuerst relativ machen"
    ),
    "The new shape keys are on this mesh and are kept; to make others, remove them first": (
        "Die neuen Formschlüssel sind an diesem Mesh und behalten; für andere sie zuerst entfernen"
    ),
    "The mesh has ARKit's shape keys already and can be retargeted to; to make others, remove them first": (
        "Das Mesh hat die Formschlüssel von ARKit schon, auf sie kann übertragen werden; für andere sie zuerst "
        "entfernen"
    ),
    "The object is scaled to nothing; give it a size first": (
        "Das Objekt ist auf nichts skaliert; ihm zuerst eine Größe geben"
    ),
    # mixing and following
    "Blend": "Mischen",
    "How the animation mixes with what lies below it in the NLA": (
        "Wie sich die Animation mit dem mischt, was im NLA darunter liegt"
    ),
    "Replace": "Ersetzen",
    "What lies below in the NLA shows as far as the influence leaves it": (
        "Was im NLA darunter liegt, zeigt sich, so weit der Einfluss es lässt"
    ),
    "Combine": "Kombinieren",
    "Added to what lies below: rotations one after the other, scales multiplied": (
        "Kommt zu dem hinzu, was darunter liegt: Drehungen nacheinander, Skalierungen multipliziert"
    ),
    "Add": "Addieren",
    "Values are added to those below": "Werte werden zu denen darunter addiert",
    "Influence": "Einfluss",
    "How much of the animation shows over what lies below it in the NLA": (
        "Wie viel von der Animation über dem zu sehen ist, was im NLA darunter liegt"
    ),
    "Follow Clean-Up": "Bereinigung folgen",
    (
        "Bake the character again, in place, whenever a setting of its head changes, as long as nobody edited the "
        "animation"
    ): (
        "Die Figur an Ort und Stelle neu backen, sobald sich eine Einstellung ihres Kopfes ändert, solange niemand die "
        "Animation bearbeitet hat"
    ),
    "The captured head that it follows": "Der erfasste Kopf, dem sie folgt",
    "Mark": "Marke",
    "The mark of its actions": "Die Marke ihrer Aktionen",
    "Fingerprint": "Fingerabdruck",
    "Of the keys as they were written": "Der Schlüsselbilder, wie sie geschrieben wurden",
    "What drove what": "Was was gesteuert hat",
    "Armature": "Skelett",
    "What it was called when the mapping was made": "Wie es hieß, als die Zuordnung gemacht wurde",
    "The library override": "Die Bibliotheksüberschreibung",
    "Problem": "Problem",
    "Why it could not follow": "Warum sie nicht folgen konnte",
    "The kept mapping is damaged; press Retarget again.": (
        "Die aufbewahrte Zuordnung ist beschädigt; noch einmal Übertragen drücken."
    ),
    # presets of mappings
    "No presets yet; name the first one": "Noch keine Vorgaben; die erste benennen",
    "Mapping Presets": "Zuordnungsvorgaben",
    "Presets of mappings and recorded poses": "Vorgaben von Zuordnungen und aufgezeichneten Posen",
    "Add Mapping Preset": "Zuordnung als Vorgabe",
    "Keep the mapping and the recorded poses under a name, or remove the chosen preset": (
        "Zuordnung und aufgezeichnete Posen unter einem Namen behalten oder die gewählte Vorgabe entfernen"
    ),
    "Apply Mapping Preset": "Vorgabe anwenden",
    "Use the mapping of a preset, and its poses, on this character; replaces the list": (
        "Die Zuordnung einer Vorgabe und ihre Posen auf diese Figur anwenden; ersetzt die Liste"
    ),
    "The mapping and the recorded poses, as presets keep them": (
        "Zuordnung und aufgezeichnete Posen, wie Vorgaben sie behalten"
    ),
    **{f"The expression {name}": f"Der Ausdruck {name}" for name in ARKIT_NAMES},
}
