# SPDX-License-Identifier: GPL-3.0-or-later
"""German: the formats that a head goes out in, and recordings of other programs that come in."""

TEXTS: dict[str, str] = {
    # choice
    "Format": "Format",
    "What kind of file the head is written to": "In was für eine Datei der Kopf geschrieben wird",
    "For": "Für",
    "Program that will read the file; its import settings are shown below": (
        "Programm, das die Datei lesen wird; seine Importeinstellungen stehen darunter"
    ),
    "FBX": "FBX",
    "Head, bones, shape keys and animation for game engines and other 3D programs": (
        "Kopf, Knochen, Formschlüssel und Animation für Spiel-Engines und andere 3D-Programme"
    ),
    "glTF": "glTF",
    "Head, bones, morph targets and one animation for Godot, the web and game engines": (
        "Kopf, Knochen, Morph Targets und eine Animation für Godot, das Web und Spiel-Engines"
    ),
    "USD": "USD",
    "Head, skeleton, blend shapes and animation for Unreal, Houdini, Maya and Omniverse": (
        "Kopf, Skelett, Blend Shapes und Animation für Unreal, Houdini, Maya und Omniverse"
    ),
    "Live Link Face": "Live Link Face",
    "The 52 ARKit channels, head and eyes as Epic's app records them": (
        "Die 52 ARKit-Kanäle, Kopf und Augen, wie die App von Epic sie aufnimmt"
    ),
    "BVH": "BVH",
    "Movement of head and neck for motion capture programs": (
        "Bewegung von Kopf und Hals für Programme zur Bewegungserfassung"
    ),
    "All cleaned channels as JSON or NPZ for scripts and pipelines": (
        "Alle bereinigten Kanäle als JSON oder NPZ für Skripte und Pipelines"
    ),
    "Unreal": "Unreal",
    "Unity": "Unity",
    "Godot": "Godot",
    "Blender": "Blender",
    "Other": "Anderes",
    # export
    "Export glTF": "glTF exportieren",
    "Write the head, its armature and its animation to a binary glTF file": (
        "Den Kopf, sein Skelett und seine Animation in eine binäre glTF-Datei schreiben"
    ),
    "Export USD": "USD exportieren",
    "Write the head, its skeleton and its animation to a USD file": (
        "Den Kopf, sein Skelett und seine Animation in eine USD-Datei schreiben"
    ),
    "Container": "Container",
    "How the file is packed": "Wie die Datei gepackt ist",
    "Binary (.usdc)": "Binär (.usdc)",
    "Small and quick to read, without textures": "Klein und schnell zu lesen, ohne Texturen",
    "Packed (.usdz)": "Gepackt (.usdz)",
    "One file with its textures inside": "Eine Datei mit ihren Texturen darin",
    "Text (.usda)": "Text (.usda)",
    "Readable, without textures": "Lesbar, ohne Texturen",
    "Export Live Link Face": "Live Link Face exportieren",
    "Write the 52 ARKit channels, head and eyes of the take as Epic's app Live Link Face records them": (
        "Die 52 ARKit-Kanäle, Kopf und Augen des Takes schreiben, wie die App Live Link Face von Epic sie aufnimmt"
    ),
    "Export BVH": "BVH exportieren",
    "Write the movement of head and neck as motion capture data": (
        "Die Bewegung von Kopf und Hals als Daten einer Bewegungserfassung schreiben"
    ),
    "Export Performance": "Darbietung exportieren",
    "Write all cleaned channels of the take for scripts and pipelines": (
        "Alle bereinigten Kanäle des Takes für Skripte und Pipelines schreiben"
    ),
    "How the channels are written": "Wie die Kanäle geschrieben werden",
    "JSON": "JSON",
    "Text for people and scripts": "Text für Menschen und Skripte",
    "NPZ": "NPZ",
    "Arrays for numpy": "Arrays für numpy",
    # import
    "Import Live Link Face": "Live Link Face importieren",
    "Make takes of recordings of Epic's app Live Link Face, to be cleaned and baked like any other": (
        "Aus Aufnahmen der App Live Link Face von Epic Takes erstellen, zu bereinigen und zu backen wie alle anderen"
    ),
    "Also make a head of the mean actor, animated by the recording through its ARKit keys": (
        "Auch einen Kopf des mittleren Darstellers erstellen, von der Aufnahme über seine ARKit-Formschlüssel animiert"
    ),
    "Angles": "Winkel",
    "Unit of the head's and the eyes' angles": "Einheit der Winkel von Kopf und Augen",
    "Radians": "Bogenmaß",
    "As the app writes them": "Wie die App sie schreibt",
    "Degrees": "Grad",
    "As some other programs write them": "Wie manche anderen Programme sie schreiben",
    "Invert": "Umkehren",
    "Angles of the head that come the wrong way round, as from a phone held sideways or other programs": (
        "Winkel des Kopfes, die falsch herum ankommen, etwa von einem quer gehaltenen Telefon oder anderen Programmen"
    ),
    "Yaw": "Schwenk",
    "Left and right change places": "Links und rechts tauschen die Plätze",
    "Up and down change places": "Oben und unten tauschen die Plätze",
    "Leaning left and leaning right change places": "Kippen nach links und nach rechts tauschen die Plätze",
    # reasons and messages
    "The take of the head is missing; find it in the panel Takes": (
        "Der Take des Kopfes fehlt; im Panel Takes neu verknüpfen"
    ),
    "The take was recorded by another program without a picture; capture footage instead.": (
        "Der Take wurde von einem anderen Programm ohne Bild aufgenommen; stattdessen Filmmaterial erfassen."
    ),
    "Enable the add-on '{name}' in the preferences": "In den Einstellungen das Add-on '{name}' aktivieren",
    "This Blender was built without {name}": "Dieses Blender wurde ohne {name} gebaut",
    "Imported {names} as a take": "{names} als Take importiert",
    "Imported {names} as takes": "{names} als Takes importiert",
    # what to choose in the importing program; its own words stay
    "Import as a skeletal mesh: turn on 'Import Morph Targets' and 'Import Animations'; scale 1": (
        "Als Skeletal Mesh importieren: 'Import Morph Targets' und 'Import Animations' an; Skalierung 1"
    ),
    "Model tab: 'Import BlendShapes' on; Rig tab: 'Generic'; Animation tab: 'Anim. Compression' off": (
        "Reiter Model: 'Import BlendShapes' an; Reiter Rig: 'Generic'; Reiter Animation: 'Anim. Compression' aus"
    ),
    "Godot 4.3 and later reads FBX itself; glTF is the safer choice": (
        "Godot liest FBX ab 4.3 selbst; glTF ist die sicherere Wahl"
    ),
    "Animation offset 0; keys otherwise come in one frame late": (
        "Animationsversatz 0; sonst kommen die Schlüsselbilder ein Einzelbild zu spät an"
    ),
    "Y is up; take its animation at the frame rate of this scene": (
        "Y ist oben; die Animation mit der Bildrate dieser Szene übernehmen"
    ),
    "Import with Interchange: skeletal mesh with morph targets; the animation is one sequence": (
        "Mit Interchange importieren: Skeletal Mesh mit Morph Targets; die Animation ist eine einzige Sequenz"
    ),
    "Needs the package 'glTFast'; choose 'Mecanim' or 'Legacy' under Animation": (
        "Braucht das Paket 'glTFast'; unter Animation 'Mecanim' oder 'Legacy' wählen"
    ),
    "Import tab: Animation on, FPS as in this scene, 'Trimming' off": (
        "Reiter Import: Animation an, FPS wie in dieser Szene, 'Trimming' aus"
    ),
    "Bone direction 'Blender'; shape keys and bones come in as one action": (
        "Knochenrichtung 'Blender'; Formschlüssel und Knochen kommen als eine Aktion an"
    ),
    "One animation with morph weights and bones, Y is up, metres": (
        "Eine Animation mit Morph-Gewichten und Knochen, Y ist oben, Meter"
    ),
    "Enable the plug-in 'USD Importer' and import with skeletal meshes and blend shapes": (
        "Das Plug-in 'USD Importer' aktivieren und mit Skeletal Meshes und Blend Shapes importieren"
    ),
    "Needs the package 'USD'; FBX is the safer choice": "Braucht das Paket 'USD'; FBX ist die sicherere Wahl",
    "Import with Shape Keys and Armatures on": "Formschlüssel und Skelette beim Import anschalten",
    "A UsdSkel skeleton with blend shapes; a .usdz has the textures inside": (
        "Ein UsdSkel-Skelett mit Blend Shapes; eine .usdz enthält die Texturen"
    ),
    "Import with the plug-in 'Live Link Face Importer'; the timecode counts from frame 0": (
        "Mit dem Plug-in 'Live Link Face Importer' importieren; der Timecode zählt ab Einzelbild 0"
    ),
    "Needs a script or asset that reads the app's recordings; FBX has the animation itself": (
        "Braucht ein Skript oder Asset, das die Aufnahmen der App liest; FBX enthält die Animation selbst"
    ),
    "Import Live Link Face in this tab makes a take of it": (
        "Live Link Face importieren in diesem Reiter macht daraus einen Take"
    ),
    "61 columns in radians and 0 to 1, timecode of 60 frames per second": (
        "61 Spalten in Bogenmaß und 0 bis 1, Timecode mit 60 Bildern pro Sekunde"
    ),
    "Scale 0.01, forward -Z, up Y, at the frame rate of this scene": (
        "Skalierung 0.01, vorne -Z, oben Y, mit der Bildrate dieser Szene"
    ),
    "Centimetres, Y is up, rotation order ZXY": "Zentimeter, Y ist oben, Rotationsreihenfolge ZXY",
    "Read it with json or numpy; the channels and units are named inside": (
        "Mit json oder numpy lesen; Kanäle und Einheiten stehen darin"
    ),
    "This program does not read the format by itself; choose another format": (
        "Dieses Programm liest das Format nicht von selbst; ein anderes Format wählen"
    ),
}
