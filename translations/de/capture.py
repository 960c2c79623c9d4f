# SPDX-License-Identifier: GPL-3.0-or-later
"""German: footage, preview, target, Capture and its progress."""

TEXTS: dict[str, str] = {
    "Face Capture": "Gesichtserfassung",
    "Capture": "Erfassen",
    "Track the face in the footage and make an animated head of the actor": (
        "Das Gesicht im Filmmaterial verfolgen und einen animierten Kopf des Darstellers erstellen"
    ),
    "Face from Footage": "Gesicht aus Filmmaterial",
    "Face from Footage (.mp4, .mov …)": "Gesicht aus Filmmaterial (.mp4, .mov …)",
    "Pick a video of a face for the tab Face Capture in the 3D viewport's sidebar": (
        "Ein Video eines Gesichts für die Gesichtserfassung in der Seitenleiste des 3D-Ansichtsfensters wählen"
    ),
    "What can be done with footage and captured heads": "Was mit Filmmaterial und erfassten Köpfen getan werden kann",
    "Cancel": "Abbrechen",
    "Stop what is running and leave everything as it was (Esc)": (
        "Abbrechen, was läuft, und alles lassen, wie es war (Esc)"
    ),
    # footage
    "Footage": "Filmmaterial",
    "Source": "Quelle",
    "Where the footage is": "Wo das Filmmaterial liegt",
    "File": "Datei",
    "A video file, or the first of numbered pictures": "Eine Videodatei oder das erste von nummerierten Bildern",
    "Clip": "Clip",
    "A movie clip of this .blend file": "Ein Filmclip dieser .blend-Datei",
    "Strip": "Streifen",
    "A movie strip of this scene's sequencer: its trimming and place are kept": (
        "Ein Filmstreifen im Sequenzer dieser Szene: Zuschnitt und Lage bleiben erhalten"
    ),
    "Video of a person's face, or the first of numbered pictures": (
        "Video vom Gesicht einer Person oder das erste von nummerierten Bildern"
    ),
    "Movie Clip": "Filmclip",
    "Movie clip whose footage is captured": "Filmclip, dessen Material erfasst wird",
    "Movie strip whose footage is captured": "Filmstreifen, dessen Material erfasst wird",
    "Frame Rate": "Bildrate",
    "Pictures per second of the numbered pictures": "Bilder pro Sekunde der nummerierten Bilder",
    "Use Open Clip": "Offenen Clip verwenden",
    "Capture the movie clip that is open in the Movie Clip Editor": (
        "Den Filmclip erfassen, der im Film-Clip-Editor offen ist"
    ),
    "Use Active Strip": "Aktiven Streifen verwenden",
    "Capture the sequencer's active movie strip, as it is trimmed and where it lies": (
        "Den aktiven Filmstreifen des Sequenzers erfassen, so wie er zugeschnitten ist und liegt"
    ),
    "In": "In-Punkt",
    "Where in the footage to begin": "Wo im Filmmaterial begonnen wird",
    "Out": "Out-Punkt",
    "Where in the footage to stop": "Wo im Filmmaterial aufgehört wird",
    "High Quality": "Hohe Qualität",
    "Measure each frame a second time, mirrored, and take the mean of both: steadier and closer to the face, but the "
    "capture takes half as long again": "Jedes Bild ein zweites Mal messen, gespiegelt, und beide mitteln: ruhiger und "
    "näher am Gesicht, aber die Aufnahme dauert anderthalbmal so lange",
    "Out Point": "Out-Punkt",
    "Stop before the end of the footage": "Vor dem Ende des Filmmaterials aufhören",
    "Set from Preview": "Aus Vorschau setzen",
    "Set the in or out point to the frame that the preview shows": (
        "In- oder Out-Punkt auf das Bild setzen, das die Vorschau zeigt"
    ),
    "Point": "Punkt",
    "In Point": "In-Punkt",
    "Begin with the frame that is shown": "Mit dem gezeigten Bild beginnen",
    "Stop after the frame that is shown": "Nach dem gezeigten Bild aufhören",
    # preview
    "Show Preview": "Vorschau zeigen",
    "Preview": "Vorschau",
    "Show a frame of the footage and the faces in it": "Ein Bild des Filmmaterials und die Gesichter darin zeigen",
    "Which second of the footage is shown": "Welche Sekunde des Filmmaterials gezeigt wird",
    "Show Current Frame": "Aktuelles Bild zeigen",
    "Show the frame of the footage that belongs to the scene's current frame": (
        "Das Bild des Filmmaterials zeigen, das zum aktuellen Einzelbild der Szene gehört"
    ),
    "Pick Face": "Gesicht wählen",
    "Track this person, from wherever the person is at the in point": (
        "Diese Person verfolgen, wo auch immer sie am In-Punkt ist"
    ),
    "Number": "Nummer",
    "As drawn in the preview, from 1": "Wie in der Vorschau eingezeichnet, ab 1",
    "Any Face": "Beliebiges Gesicht",
    "Track the largest, most central face again": "Wieder das größte, mittigste Gesicht verfolgen",
    "Face Picked": "Gesicht gewählt",
    "A face was picked in the preview": "In der Vorschau wurde ein Gesicht gewählt",
    "Picked Point": "Gewählter Punkt",
    "Where the picked face is, in pixels of the footage": "Wo das gewählte Gesicht ist, in Pixeln des Filmmaterials",
    "Picked Time": "Gewählter Zeitpunkt",
    "Second of the footage in which the face was picked": "Sekunde des Filmmaterials, in der das Gesicht gewählt wurde",
    # target
    "Target": "Ziel",
    "What the capture animates": "Was die Erfassung animiert",
    "New Head": "Neuer Kopf",
    "Make a head of the actor": "Einen Kopf des Darstellers erstellen",
    "Current Head": "Aktueller Kopf",
    "Use Active Head": "Aktiven Kopf verwenden",
    "Make the captured head that is selected in the viewport the current one": (
        "Den erfassten Kopf, der im Viewport ausgewählt ist, zum aktuellen machen"
    ),
    "Click a captured head in the viewport first": "Zuerst im Viewport einen erfassten Kopf anklicken",
    "It is the current head already": "Es ist schon der aktuelle Kopf",
    "{head} is selected, but not the current head": "{head} ist ausgewählt, aber nicht der aktuelle Kopf",
    "Keys that were edited by hand were baked over; the action {action} keeps them": (
        "Von Hand bearbeitete Keyframes wurden überschrieben; die Action {action} bewahrt sie auf"
    ),
    "A strip of the head's NLA is being tweaked; leave tweak mode first.": (
        "Ein Streifen im NLA des Kopfes wird gerade bearbeitet; zuerst dessen Tweak-Modus verlassen."
    ),
    "Dismiss": "Verwerfen",
    "Say no more of the edited keys; the action that keeps them stays in the file": (
        "Von den bearbeiteten Keyframes nichts mehr sagen; die Action, die sie bewahrt, bleibt in der Datei"
    ),
    "No head is chosen: the panels below are for the next capture": (
        "Kein Kopf gewählt: die Panels darunter gelten für die nächste Erfassung"
    ),
    "Put the new take on the current head, which keeps its settings": (
        "Den neuen Take auf den aktuellen Kopf legen, der seine Einstellungen behält"
    ),
    "Another Actor": "Anderer Darsteller",
    "Also give the head the shape of the person in the footage; for retakes of the same actor it stays as it is": (
        "Dem Kopf auch die Form der Person im Filmmaterial geben; bei weiteren Takes desselben Darstellers bleibt "
        "er, wie er ist"
    ),
    # what panels say of footage and progress
    "Reading the footage…": "Filmmaterial wird gelesen …",
    "Looking for faces…": "Gesichter werden gesucht …",
    "No face in this frame": "Kein Gesicht in diesem Bild",
    "Face picked at {} s": "Gesicht gewählt bei {} s",
    "{} fps": "{} fps",
    "{} s": "{} s",
    "variable": "variabel",
    "numbered pictures": "nummerierte Bilder",
    "turned upright": "aufrecht gedreht",
    "Seconds {} to {}, as the strip is trimmed": "Sekunde {} bis {}, wie der Streifen zugeschnitten ist",
    "The out point must lie behind the in point; move one of them.": (
        "Der Out-Punkt muss hinter dem In-Punkt liegen; einen von beiden verschieben."
    ),
    "The in point lies at the footage's end; move it to an earlier second.": (
        "Der In-Punkt liegt am Ende des Filmmaterials; auf eine frühere Sekunde schieben."
    ),
    "Opening the footage…": "Filmmaterial wird geöffnet …",
    "Following the picked face, frame {}": "Gewähltes Gesicht wird verfolgt, Bild {}",
    "Frame {}": "Bild {}",
    "{} of {}": "{} von {}",
    "{} left": "noch {}",
    "Cancelling…": "Wird abgebrochen …",
    "Making the animation…": "Animation wird erstellt …",
    "Waiting for the render's end…": "Wartet auf das Ende des Renderns …",
    "Captured {count} frame": "{count} Bild erfasst",
    "Captured {count} frames": "{count} Bilder erfasst",
    "{captured}, {lost} of them without a visible face (filled in)": (
        "{captured}, {lost} davon ohne sichtbares Gesicht (aufgefüllt)"
    ),
    "{captured}: frames {first:g} to {last:g}": "{captured}: Einzelbilder {first:g} bis {last:g}",
    "{place}; the scene has {start} to {end}, see Timing": "{place}; die Szene hat {start} bis {end}, siehe Timing",
    "The preview shows no face number {number}; pick one of those it shows.": (
        "Die Vorschau zeigt kein Gesicht Nummer {number}; eines von denen wählen, die sie zeigt."
    ),
    # reasons and messages
    "A capture is running": "Eine Erfassung läuft",
    "Nothing is running": "Es läuft nichts",
    "The scene is linked from another file and cannot be changed": (
        "Die Szene ist aus einer anderen Datei verknüpft und kann nicht geändert werden"
    ),
    "No frame of the footage is shown": "Es wird kein Bild des Filmmaterials gezeigt",
    "No movie clip is open": "Es ist kein Filmclip geöffnet",
    "No movie strip is active in this scene's sequencer": "Im Sequenzer dieser Szene ist kein Filmstreifen aktiv",
    "The footage is not read yet": "Das Filmmaterial ist noch nicht gelesen",
    "No face is picked": "Es ist kein Gesicht gewählt",
    "Pick the footage first": "Zuerst Filmmaterial wählen",
    "Choose a movie clip first": "Zuerst einen Filmclip wählen",
    "Choose a strip of the sequencer first": "Zuerst einen Streifen des Sequenzers wählen",
    "There is no current head to capture into: choose one, or a new head as the target": (
        "Es gibt keinen aktuellen Kopf, in den erfasst werden kann: einen wählen oder einen neuen Kopf als Ziel"
    ),
    "The scene in which the capture was started is gone; the take is kept: apply it there.": (
        "Die Szene, in der die Erfassung gestartet wurde, gibt es nicht mehr; der Take bleibt erhalten und lässt "
        "sich anwenden."
    ),
    "The head to capture into is gone; the take is kept: make a new head of it.": (
        "Den Kopf, in den erfasst werden sollte, gibt es nicht mehr; der Take bleibt erhalten: daraus einen neuen "
        "Kopf erstellen."
    ),
    "The take is kept, but its model has no head to animate: choose another model folder.": (
        "Der Take bleibt erhalten, aber sein Modell hat keinen Kopf zum Animieren: einen anderen Modellordner wählen."
    ),
    "Capture cancelled": "Erfassung abgebrochen",
}
