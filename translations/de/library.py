# SPDX-License-Identifier: GPL-3.0-or-later
"""German: takes, preferences, presets."""

TEXTS: dict[str, str] = {
    "Takes": "Takes",
    "Apply to Current Head": "Auf aktuellen Kopf anwenden",
    "Bake the take over the animation of the current head, with the head's settings": (
        "Den Take über die Animation des aktuellen Kopfes backen, mit dessen Einstellungen"
    ),
    "Actor's Shape": "Form des Darstellers",
    "Also give the head the shape of the take's actor; otherwise it keeps its own": (
        "Dem Kopf auch die Form des Darstellers im Take geben; sonst behält er seine eigene"
    ),
    "New Head from Take": "Neuer Kopf aus Take",
    "Make a new head of the take's actor, animated by the take; the footage is not needed": (
        "Einen neuen Kopf vom Darsteller des Takes erstellen, vom Take animiert; das Filmmaterial wird nicht gebraucht"
    ),
    "Rename Take": "Take umbenennen",
    "Give the take another name; its file keeps its own, so that every head still finds it": (
        "Dem Take einen anderen Namen geben; seine Datei behält ihren, damit jeder Kopf sie weiterhin findet"
    ),
    "Name": "Name",
    "New name of the take": "Neuer Name des Takes",
    "Delete Take": "Take löschen",
    "Delete the file of the take for good": "Die Datei des Takes endgültig löschen",
    "Delete the take?": "Den Take löschen?",
    "This cannot be undone": "Das kann nicht rückgängig gemacht werden",
    "Delete": "Löschen",
    "Re-link Take": "Take neu verknüpfen",
    "Tell where the missing take of a head is; its animation stays as it is": (
        "Angeben, wo der fehlende Take eines Kopfes ist; dessen Animation bleibt, wie sie ist"
    ),
    "Copy Takes Here": "Takes hierher kopieren",
    "Copy the takes of this file's heads to where the scene keeps its takes; the originals stay": (
        "Die Takes der Köpfe dieser Datei dorthin kopieren, wo die Szene ihre Takes aufbewahrt; die Originale bleiben"
    ),
    "Reveal Folder": "Ordner zeigen",
    "Show the folder of the chosen take, or the one where this scene's takes go, in the system's file browser": (
        "Den Ordner des gewählten Takes oder den, in den die Takes dieser Szene kommen, im Dateimanager des Systems"
        " zeigen"
    ),
    "Refresh": "Aktualisieren",
    "Look at the folder of takes again": "Den Ordner der Takes erneut ansehen",
    "Keep Takes": "Takes aufbewahren",
    "Where this scene's new takes are kept": "Wo neue Takes dieser Szene aufbewahrt werden",
    "As in Preferences": "Wie in Einstellungen",
    "Where the extension's preferences say": "Wo die Einstellungen der Erweiterung es sagen",
    "User Folder": "Benutzerordner",
    "In the folder that Blender gives the extension; every file of yours finds them there": (
        "In dem Ordner, den Blender der Erweiterung gibt; jede eigene Datei findet sie dort"
    ),
    "Beside .blend": "Neben .blend",
    "In a folder 'takes' beside the .blend file, so that they move with the project": (
        "In einem Ordner 'takes' neben der .blend-Datei, damit sie mit dem Projekt umziehen"
    ),
    "Folder": "Ordner",
    "In a folder of your choice": "In einem Ordner nach Wahl",
    "Folder for this scene's new takes": "Ordner für neue Takes dieser Szene",
    # preferences
    "Model Folder": "Modellordner",
    "Folder with a regressor and its morphable model, to capture with; empty = the one that came with the extension": (
        "Ordner mit einem Regressor und seinem Morphable Model zum Erfassen; leer = der mitgelieferte der Erweiterung"
    ),
    "Where new takes are kept; a scene may say otherwise in the panel Takes": (
        "Wo neue Takes aufbewahrt werden; eine Szene kann im Panel Takes anderes bestimmen"
    ),
    "Takes Folder": "Takes-Ordner",
    "Folder in which new takes are kept": "Ordner, in dem neue Takes aufbewahrt werden",
    "Threads": "Threads",
    (
        "Parts of the footage that a capture tracks side by side, each on a processor core of its own; 0 = automatic, "
        "all cores but one. The result is the same"
    ): (
        "Teile des Filmmaterials, die eine Erfassung nebeneinander verfolgt, jeden auf einem eigenen Prozessorkern; "
        "0 = automatisch, alle Kerne bis auf einen. Das Ergebnis ist dasselbe"
    ),
    "Automatic on this computer: {count}": "Automatisch auf diesem Rechner: {count}",
    "Captures with the model that came with the extension": "Erfasst mit dem mitgelieferten Modell der Erweiterung",
    "Captures with this folder's model, heads included": "Erfasst mit dem Modell dieses Ordners, einschließlich Köpfen",
    (
        "This model has no head: captures with it are kept as takes (pose, points, coefficients) for the command "
        "line and other tools, but no head can be animated with them"
    ): (
        "Dieses Modell hat keinen Kopf: Erfassungen damit werden als Takes (Pose, Punkte, Koeffizienten) für die "
        "Befehlszeile und andere Werkzeuge aufbewahrt, aber damit kann kein Kopf animiert werden"
    ),
    # presets
    "Face Capture Presets": "Voreinstellungen",
    "Presets of clean-up and head settings": "Voreinstellungen für Bereinigung und Kopf",
    "Add Face Capture Preset": "Voreinstellung hinzufügen",
    "Keep the clean-up and head settings under a name, or remove the chosen preset": (
        "Die Einstellungen für Bereinigung und Kopf unter einem Namen behalten oder die gewählte Voreinstellung "
        "entfernen"
    ),
    "Apply Face Capture Preset": "Voreinstellung anwenden",
    "Take over the settings of a preset": "Die Einstellungen einer Voreinstellung übernehmen",
    # reasons and messages
    "Choose a take in the list": "Einen Take in der Liste wählen",
    "The file of the take is missing": "Die Datei des Takes fehlt",
    "Choose a captured head under Export, or make a new one of the take": (
        "Unter Exportieren einen erfassten Kopf wählen oder aus dem Take einen neuen erstellen"
    ),
    "Choose the missing take of a head in the list": "Den fehlenden Take eines Kopfes in der Liste wählen",
    "The take of the head is there": "Der Take des Kopfes ist da",
    "{seconds:.1f} s, {count} frame": "{seconds:.1f} s, {count} Bild",
    "{seconds:.1f} s, {count} frames": "{seconds:.1f} s, {count} Bilder",
    "Takes go to the user folder: save the .blend file first": (
        "Takes kommen in den Benutzerordner: zuerst die .blend-Datei speichern"
    ),
    "Takes go to the user folder: give the other folder with its whole path": (
        "Takes kommen in den Benutzerordner: den anderen Ordner mit ganzem Pfad angeben"
    ),
    "Takes go to the user folder: no other folder is chosen": (
        "Takes kommen in den Benutzerordner: kein anderer Ordner ist gewählt"
    ),
    "{length}, {share} lost": "{length}, {share} verloren",
    "Animates {heads}": "Bewegt {heads}",
    "Captured with the model {model}": "Erfasst mit dem Modell {model}",
    "From {file}": "Aus {file}",
    "Its footage is no longer at {file}; the take does not need it": (
        "Sein Filmmaterial ist nicht mehr unter {file}; der Take braucht es nicht"
    ),
    "The take of one head lies in another folder": "Der Take eines Kopfes liegt in einem anderen Ordner",
    "The takes of {count} heads lie in another folder": "Die Takes von {count} Köpfen liegen in einem anderen Ordner",
    "Takes go to the user folder until the .blend file is saved": (
        "Takes kommen in den Benutzerordner, bis die .blend-Datei gespeichert ist"
    ),
    "New takes of this scene go to {folder}": "Neue Takes dieser Szene kommen nach {folder}",
    "Applied the take to {head}": "Take auf {head} angewendet",
    "Made {head} of the take": "{head} aus dem Take erstellt",
    "The take is now called {name}": "Der Take heißt jetzt {name}",
    "Delete the take {name}?": "Den Take {name} löschen?",
    "{heads}: the animation stays, but cannot be changed any more. This cannot be undone": (
        "{heads}: die Animation bleibt, kann aber nicht mehr geändert werden. Das kann nicht rückgängig gemacht werden"
    ),
    "Deleted {file}": "{file} gelöscht",
    "{heads} found the take again": "{heads}: Take wiedergefunden",
    "Copied the takes of {count} head": "Takes von {count} Kopf kopiert",
    "Copied the takes of {count} heads": "Takes von {count} Köpfen kopiert",
    "The preset {preset} does not fit: {error}": "Die Voreinstellung {preset} passt nicht: {error}",
    "The user folder is found from every .blend file already": (
        "Der Benutzerordner wird schon aus jeder .blend-Datei gefunden"
    ),
    "All takes of this file's heads lie there already": "Alle Takes der Köpfe dieser Datei liegen schon dort",
    "Choose a captured head to put the take on.": "Einen erfassten Kopf wählen, auf den der Take gelegt wird.",
}
