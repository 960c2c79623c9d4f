# SPDX-License-Identifier: GPL-3.0-or-later
"""German: the panel Retarget, what it shows of the mapping and of recorded poses. Channels keep their names."""

from ...ddfa_blender.names import ARKIT_NAMES
from ...ddfa_blender.retarget.mapping import CHANNELS

TEXTS: dict[str, str] = {
    "Retarget": "Übertragen",
    # what is retargeted, and to whom
    "Performance": "Darbietung",
    "What is retargeted": "Was übertragen wird",
    "The performance of the current head, with its clean-up": (
        "Die Darbietung des aktuellen Kopfes, mit dessen Bereinigung"
    ),
    "Chosen Take": "Gewählter Take",
    "The take that is chosen in the panel Takes, with the settings that are shown": (
        "Der Take, der im Panel Takes gewählt ist, mit den gezeigten Einstellungen"
    ),
    "Character": "Figur",
    "Armature of the character; its meshes and bones are found by themselves": (
        "Skelett der Figur; ihre Meshes und Knochen werden von selbst gefunden"
    ),
    "Mesh": "Mesh",
    "Mesh with shape keys": "Mesh mit Formschlüsseln",
    "The mesh that is chosen in the list": "Das Mesh, das in der Liste gewählt ist",
    "Use": "Verwenden",
    "Animate the shape keys of this mesh": "Die Formschlüssel dieses Meshes animieren",
    # face and head
    "Animate": "Animieren",
    "Face": "Gesicht",
    "Animate what the mapping drives": "Animieren, was die Zuordnung steuert",
    "Turn the head and neck bones": "Die Kopf- und Halsknochen drehen",
    "Head Bone": "Kopfknochen",
    "Bone or control that turns the head": "Knochen oder Steuerung, die den Kopf dreht",
    "Neck Bone": "Halsknochen",
    "Upper bone or control of the neck; empty leaves the neck alone": (
        "Oberer Knochen oder obere Steuerung des Halses; leer lässt den Hals in Ruhe"
    ),
    "Lower Neck": "Unterer Hals",
    "Lower bone of the neck, if the rig has two; empty if it has not": (
        "Unterer Knochen des Halses, wenn das Rig zwei hat; sonst leer"
    ),
    "How much of the head's turn the neck makes": "Wie viel der Kopfdrehung der Hals ausführt",
    "Head Movement": "Kopfbewegung",
    (
        "Also move the head as it was seen, by its lowest neck bone; bones that are connected to their parents "
        "cannot move"
    ): (
        "Den Kopf auch bewegen, wie er zu sehen war, über seinen untersten Halsknochen; Knochen, die mit ihrem "
        "Elternknochen verbunden sind, können sich nicht bewegen"
    ),
    "No head bone is known by its name; choose it, or the head stays still": (
        "Kein Kopfknochen ist am Namen zu erkennen; ihn wählen, sonst steht der Kopf still"
    ),
    "{} % sure": "zu {} % sicher",
    "Without an armature there is no head to turn": "Ohne Skelett gibt es keinen Kopf, der sich drehen ließe",
    # where the animation goes
    "Action": "Aktion",
    "Where the animation goes": "Wohin die Animation kommt",
    "Layer": "Ebene",
    "Replace what this take was retargeted to before; an action of your own goes into the NLA and plays on below": (
        "Ersetzen, was von diesem Take schon übertragen war; eine eigene Aktion kommt in den NLA und läuft darunter "
        "weiter"
    ),
    "New Action": "Neue Aktion",
    "Make a new action each time; the present one is kept in the file, no longer in use": (
        "Jedes Mal eine neue Aktion erstellen; die jetzige bleibt in der Datei, wird aber nicht mehr verwendet"
    ),
    "Into Present Action": "In jetzige Aktion",
    "Write into the action that the character has: driven channels are replaced, the rest of it stays": (
        "In die Aktion schreiben, die die Figur hat: gesteuerte Kanäle werden ersetzt, der Rest bleibt"
    ),
    # the mapping
    "Mapping": "Zuordnung",
    "Show": "Zeigen",
    "Which targets the list has": "Welche Ziele die Liste enthält",
    "All": "Alle",
    "Everything on the character that could be driven": "Alles an der Figur, was gesteuert werden könnte",
    "Mapped": "Zugeordnet",
    "What a channel drives": "Was ein Kanal steuert",
    "Unmatched": "Nicht zugeordnet",
    "What no channel drives yet": "Was noch kein Kanal steuert",
    "Targets: {} driven, {} unmatched": "Ziele: {} gesteuert, {} nicht zugeordnet",
    "{count} channels drive nothing: {names}": "{count} Kanäle steuern nichts: {names}",
    "Not on this character: {}": "Nicht an dieser Figur: {}",
    "Nothing on this character can be driven yet; make shape keys or record poses below": (
        "An dieser Figur lässt sich noch nichts steuern; darunter Formschlüssel anlegen oder Posen aufzeichnen"
    ),
    "Missing": "Fehlend",
    "Targets of the loaded preset that the character does not have": (
        "Ziele der geladenen Voreinstellung, die die Figur nicht hat"
    ),
    # a target
    "The target that is edited below the list": "Das Ziel, das unter der Liste bearbeitet wird",
    "Object": "Objekt",
    "Name of the object that has the target": "Name des Objekts, zu dem das Ziel gehört",
    "The selected meshes have no shape keys; make some in New Shape Keys, or select the armature": (
        "Die ausgewählten Meshes haben keine Formschlüssel; welche unter Neue Formschlüssel anlegen oder das "
        "Skelett auswählen"
    ),
    "Minimum": "Minimum",
    "The target never goes below this": "Das Ziel geht nie darunter",
    "Maximum": "Maximum",
    "The target never goes above this": "Das Ziel geht nie darüber",
    "Score": "Wertung",
    "How sure the automatic mapping was": "Wie sicher die automatische Zuordnung war",
    "Reason": "Grund",
    "Why it was matched, or why not": "Warum zugeordnet wurde oder warum nicht",
    # a channel's share of it
    "Channel of the performance": "Kanal der Darbietung",
    "How strongly the channel drives the target; negative turns it round": (
        "Wie stark der Kanal das Ziel steuert; negativ kehrt ihn um"
    ),
    "Least that this channel may add": "Untergrenze dessen, was dieser Kanal beiträgt",
    "Most that this channel may add": "Obergrenze dessen, was dieser Kanal beiträgt",
    "Value of the channel at this point of the curve": "Wert des Kanals an diesem Punkt der Kurve",
    "What becomes of it": "Was daraus wird",
    "Input": "Eingang",
    "Output": "Ausgang",
    # recorded poses
    "Recorded Poses": "Aufgezeichnete Posen",
    "Pose": "Pose",
    "What the pose that you record stands for": "Wofür die aufgezeichnete Pose steht",
    "The face from which all others are counted; only needed if it is not the rest pose": (
        "Das Gesicht, von dem aus alle anderen zählen; nur nötig, wenn es nicht die Ruhepose ist"
    ),
    "The recorded pose that is chosen in the list": "Die aufgezeichnete Pose, die in der Liste gewählt ist",
    "Location": "Position",
    "Rotation": "Rotation",
    "Scale": "Skalierung",
    "In the bone's space": "Im Raum des Knochens",
    **{name: name for name in CHANNELS},
    **{f"The channel {name}": f"Der Kanal {name}" for name in CHANNELS},
    **{f"The face with {name} at its most": f"Das Gesicht mit {name} am stärksten" for name in ARKIT_NAMES},
}
