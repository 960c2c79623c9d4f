# SPDX-License-Identifier: GPL-3.0-or-later
"""German: retargeting to a character, its mapping by hand, its recorded poses."""

TEXTS: dict[str, str] = {
    "Bake the performance onto the character: shape keys, properties, recorded poses, head and neck": (
        "Die Darbietung auf die Figur backen: Formschlüssel, Eigenschaften, aufgezeichnete Posen, Kopf und Hals"
    ),
    "Retargeted as {name}: {targets} targets, {bones} bones": "Als {name} übertragen: {targets} Ziele, {bones} Knochen",
    "Use Selection": "Auswahl verwenden",
    "Use Selection as Character": "Auswahl als Figur verwenden",
    "Make what is selected the character: any part of it if it has an armature, otherwise all of its meshes": (
        "Das Ausgewählte zur Figur machen: irgendein Teil von ihr, wenn sie ein Skelett hat, sonst alle ihre Meshes"
    ),
    "Find Mapping": "Zuordnung finden",
    (
        "Find by their names which shape keys, expressions, properties and poses each channel drives; replaces the list"
    ): (
        "Anhand der Namen finden, welche Formschlüssel, Ausdrücke, Eigenschaften und Posen jeder Kanal steuert; "
        "ersetzt die Liste"
    ),
    # reasons and errors
    "Select the character's armature, or its meshes with shape keys": (
        "Das Skelett der Figur oder ihre Meshes mit Formschlüsseln auswählen"
    ),
    "Choose the character's armature, or select its meshes and press Use Selection": (
        "Das Skelett der Figur wählen oder ihre Meshes auswählen und Auswahl verwenden drücken"
    ),
    "Choose the character's armature first": "Zuerst das Skelett der Figur wählen",
    "This is a captured head, which follows its take already; choose a character": (
        "Dies ist ein erfasster Kopf, der seinem Take schon folgt; eine Figur wählen"
    ),
    "The character is linked from another file; make a library override of it, or make it local": (
        "Die Figur ist aus einer anderen Datei verknüpft; sie überschreibbar oder lokal machen"
    ),
    "The character is not in this scene": "Die Figur ist nicht in dieser Szene",
    "Choose a take in the panel Takes": "Im Panel Takes einen Take wählen",
    "Choose a take in the panel Takes.": "Im Panel Takes einen Take wählen.",
    "Both face and head are switched off": "Gesicht und Kopf sind beide ausgeschaltet",
    ("Nothing of the character can be driven: map a channel to a target, choose its head bone, or record poses."): (
        "Nichts an der Figur lässt sich steuern: einem Ziel einen Kanal geben, ihren Kopfknochen wählen oder Posen "
        "aufzeichnen."
    ),
    "A strip of the character's NLA is being tweaked; leave tweak mode first.": (
        "Ein Streifen im NLA der Figur wird gerade bearbeitet; zuerst dessen Tweak-Modus verlassen."
    ),
    # the mapping by hand
    "Choose a target in the list": "Ein Ziel in der Liste wählen",
    "No channel drives anything yet": "Noch steuert kein Kanal etwas",
    "Add Channel": "Kanal hinzufügen",
    "Let one more channel drive the chosen target": "Das gewählte Ziel von einem weiteren Kanal steuern lassen",
    "Remove Channel": "Kanal entfernen",
    "This channel no longer drives the target": "Dieser Kanal steuert das Ziel nicht mehr",
    "Add Curve Point": "Kurvenpunkt hinzufügen",
    "Bend the response of this channel at one more point": ("Die Wirkung dieses Kanals an einem weiteren Punkt biegen"),
    "Remove Curve Point": "Kurvenpunkt entfernen",
    "Take this point out of the curve": "Diesen Punkt aus der Kurve nehmen",
    "Clear Curve": "Kurve entfernen",
    "Take the channel as it is again": "Den Kanal wieder nehmen, wie er ist",
    "Mirror Mapping": "Zuordnung spiegeln",
    "Play the performance mirrored, or make both sides of the mapping alike": (
        "Die Darbietung gespiegelt abspielen oder beide Seiten der Zuordnung angleichen"
    ),
    "Sides": "Seiten",
    "What is mirrored": "Was gespiegelt wird",
    "Mirror Performance": "Darbietung spiegeln",
    "Every target listens to the other side of the face": "Jedes Ziel folgt der anderen Seite des Gesichts",
    "Copy Left to Right": "Links nach rechts kopieren",
    "Gains, curves and limits of the left side's targets go to the right side's": (
        "Verstärkungen, Kurven und Grenzen der Ziele der linken Seite gehen auf die der rechten über"
    ),
    "Copy Right to Left": "Rechts nach links kopieren",
    "Gains, curves and limits of the right side's targets go to the left side's": (
        "Verstärkungen, Kurven und Grenzen der Ziele der rechten Seite gehen auf die der linken über"
    ),
    "Save Mapping": "Zuordnung speichern",
    "Keep the mapping and the recorded poses in a file, for this character and others of its kind": (
        "Die Zuordnung und die aufgezeichneten Posen in einer Datei aufbewahren, für diese Figur und andere ihrer Art"
    ),
    "Saved {}": "{} gespeichert",
    "Load Mapping": "Zuordnung laden",
    "Use a saved mapping, and its poses, on this character; replaces the list": (
        "Eine gespeicherte Zuordnung und ihre Posen für diese Figur verwenden; ersetzt die Liste"
    ),
    "Loaded {}": "{} geladen",
    # recorded poses
    "Record Pose": "Pose aufzeichnen",
    "Keep how the character's face is posed now as what the chosen channel does at its most": (
        "Die jetzige Gesichtspose der Figur als vollen Ausschlag des gewählten Kanals behalten"
    ),
    "Recorded {pose}: 1 bone": "{pose} aufgezeichnet: 1 Knochen",
    "Recorded {pose}: {count} bones": "{pose} aufgezeichnet: {count} Knochen",
    "Show Pose": "Pose zeigen",
    "Pose the character's face as it was recorded for the chosen channel; for Neutral, put its bones back": (
        "Das Gesicht der Figur so in Pose bringen, wie es für den gewählten Kanal aufgezeichnet wurde; bei Neutral die "
        "Knochen zurücksetzen"
    ),
    "Forget Pose": "Pose vergessen",
    "Drop the pose that was recorded for the chosen channel": (
        "Die Pose verwerfen, die für den gewählten Kanal aufgezeichnet wurde"
    ),
    "No pose is recorded for this channel": "Für diesen Kanal ist keine Pose aufgezeichnet",
}
