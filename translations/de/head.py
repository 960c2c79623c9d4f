# SPDX-License-Identifier: GPL-3.0-or-later
"""German: the head's movement, its look, its export."""

TEXTS: dict[str, str] = {
    "Head": "Kopf",
    "Captured head whose settings the panels below show, and which is exported": (
        "Erfasster Kopf, dessen Einstellungen die Panels darunter zeigen und der exportiert wird"
    ),
    "Drive": "Steuern mit",
    "Which shape keys carry the face": "Welche Formschlüssel das Gesicht tragen",
    "The ten expression components; ARKit shapes add only what they cannot do, such as blinks and gaze": (
        "Die zehn Komponenten des Ausdrucks; ARKit-Formen ergänzen nur, was sie nicht können, wie Blinzeln und Blick"
    ),
    "ARKit": "ARKit",
    "The 52 ARKit shapes alone, always 0 to 1, for engines that clamp weights; the ten components stay at zero": (
        "Nur die 52 ARKit-Formen, immer 0 bis 1, für Engines, die Gewichte begrenzen; die zehn Komponenten bleiben "
        "bei null"
    ),
    "ARKit From": "ARKit aus",
    "What the 52 ARKit channels rest on, here, on other characters and in exports": (
        "Worauf die 52 ARKit-Kanäle beruhen, hier, auf anderen Figuren und in Exporten"
    ),
    "Both": "Beidem",
    (
        "What the networks say of each channel and what the ARKit shapes need to look like the captured mesh, each "
        "as far as it is reliable; touching lips stay closed and opposite shapes exclude each other"
    ): (
        "Was die Netze zu jedem Kanal sagen und was die ARKit-Formen brauchen, um wie das erfasste Mesh auszusehen, "
        "jedes, soweit es verlässlich ist; Lippen, die sich berühren, bleiben geschlossen, gegensätzliche Formen "
        "schließen einander aus"
    ),
    "Network": "Netz",
    "What the networks say of each channel, frame by frame": "Was die Netze zu jedem Kanal sagen, Bild für Bild",
    "Only what the ARKit shapes need to look like the captured mesh; it knows no gaze and no tongue": (
        "Nur was die ARKit-Formen brauchen, um wie das erfasste Mesh auszusehen; Blick und Zunge kennt es nicht"
    ),
    "Neck Share": "Anteil Hals",
    "How much of the head's rotation the neck bone takes; both together always turn as captured": (
        "Wie viel der Kopfdrehung der Halsknochen übernimmt; beide zusammen drehen sich immer wie erfasst"
    ),
    "Camera View": "Kameraansicht",
    (
        "View of the footage's camera across the picture's longer side: a phone sees about 65 degrees, a portrait "
        "lens 20. Heads away from the picture's centre are turned by it, and their depth follows from it"
    ): (
        "Sichtfeld der Kamera des Filmmaterials über die längere Bildseite: ein Telefon sieht etwa 65 Grad, ein "
        "Porträtobjektiv 20. Köpfe abseits der Bildmitte werden dadurch gedreht, und ihre Tiefe folgt daraus"
    ),
    "Relative To": "Relativ zu",
    "What the head's movement is measured against": "Wogegen die Bewegung des Kopfes gemessen wird",
    "Camera": "Kamera",
    "As the camera saw the head: a camera that looked up at the actor lifts the chin": (
        "Wie die Kamera den Kopf sah: eine Kamera, die zum Darsteller aufsah, hebt das Kinn"
    ),
    "Actor": "Darsteller",
    "Relative to how the actor held the head on average: that pose looks straight ahead": (
        "Relativ dazu, wie der Darsteller den Kopf im Durchschnitt hielt: diese Pose blickt geradeaus"
    ),
    "Level Yaw": "Ausr. Schwenk",
    "Captured turn to the side at which the head is to look straight ahead; it is taken off the whole clip": (
        "Erfasste Drehung zur Seite, bei der der Kopf geradeaus blicken soll; sie wird vom ganzen Clip abgezogen"
    ),
    "Pitch": "Neigung",
    "Captured tilt up or down at which the head is to look straight ahead; it is taken off the whole clip": (
        "Erfasste Neigung auf oder ab, bei der der Kopf geradeaus blicken soll; sie wird vom ganzen Clip abgezogen"
    ),
    "Roll": "Rollen",
    "Captured lean to the side at which the head is to look straight ahead; it is taken off the whole clip": (
        "Erfasstes Kippen zur Seite, bei dem der Kopf geradeaus blicken soll; es wird vom ganzen Clip abgezogen"
    ),
    "Level Head": "Kopf ausrichten",
    "Turn the whole performance so that the head looks straight ahead in the current frame, or on average": (
        "Die ganze Darbietung so drehen, dass der Kopf im aktuellen Einzelbild oder im Durchschnitt geradeaus blickt"
    ),
    "Straight In": "Gerade in",
    "Where the head is to look straight ahead": "Wo der Kopf geradeaus blicken soll",
    "Current Frame": "Aktuelles Einzelbild",
    "The head looks straight ahead in the scene's current frame": (
        "Der Kopf blickt im aktuellen Einzelbild der Szene geradeaus"
    ),
    "Average": "Durchschnitt",
    "The head looks straight ahead on average": "Der Kopf blickt im Durchschnitt geradeaus",
    "Reset": "Zurücksetzen",
    "The head looks where it was captured": "Der Kopf blickt dorthin, wo er erfasst wurde",
    "This Frame": "Dieses Bild",
    "Head Translation": "Kopfbewegung",
    "Also move the head sideways, up and towards the camera": (
        "Den Kopf auch seitwärts, aufwärts und zur Kamera hin bewegen"
    ),
    "Amount": "Menge",
    "Share of the head's movement; more than 1 exaggerates it": "Anteil der Kopfbewegung; mehr als 1 übertreibt sie",
    "Side": "Seite",
    "Move the head sideways": "Den Kopf seitwärts bewegen",
    "Up": "Hoch",
    "Move the head up and down": "Den Kopf auf und ab bewegen",
    "Depth": "Tiefe",
    "Move the head towards the camera and away, which a single camera measures worst": (
        "Den Kopf zur Kamera hin und von ihr weg bewegen, was eine einzelne Kamera am schlechtesten misst"
    ),
    "Add Camera with Footage": "Kamera mit Filmmaterial",
    "Add a camera where the footage's camera stood, with the footage as its background: the head covers the face": (
        "Eine Kamera hinzufügen, wo die Kamera des Filmmaterials stand, mit dem Filmmaterial als Hintergrund: der "
        "Kopf deckt das Gesicht"
    ),
    "The video that the head was captured from": "Das Video, aus dem der Kopf erfasst wurde",
    "Set Resolution": "Auflösung setzen",
    "Give the scene's renders the size of the footage": "Den Renderbildern der Szene die Größe des Filmmaterials geben",
    "Make Active": "Aktiv machen",
    "Make it the scene's camera and look through it": "Sie zur Kamera der Szene machen und hindurchsehen",
    "The head stands still: switch on Head Translation to line it up with the footage": (
        "Der Kopf steht still: Kopfbewegung einschalten, damit er sich mit dem Filmmaterial deckt"
    ),
    "The head moves only in part: set Amount to 1 in all directions to line it up with the footage": (
        "Der Kopf bewegt sich nur zum Teil: Menge in allen Richtungen auf 1 setzen, damit er sich mit dem "
        "Filmmaterial deckt"
    ),
    # look
    "Look": "Aussehen",
    "Texture Size": "Texturgröße",
    "Size of the textures made here": "Größe der Texturen, die hier entstehen",
    "512 px": "512 px",
    "512 × 512 pixels, enough for a face that is small in the footage": (
        "512 × 512 Pixel, genug für ein Gesicht, das im Filmmaterial klein ist"
    ),
    "1024 px": "1024 px",
    "1024 × 1024 pixels, enough for most footage": "1024 × 1024 Pixel, genug für das meiste Filmmaterial",
    "2048 px": "2048 px",
    "2048 × 2048 pixels, for close-ups in HD or more": "2048 × 2048 Pixel, für Nahaufnahmen in HD oder mehr",
    "4096 px": "4096 px",
    "4096 × 4096 pixels, for close-ups in 4K; takes a minute and a gigabyte of memory": (
        "4096 × 4096 Pixel, für Nahaufnahmen in 4K; braucht eine Minute und ein Gigabyte Speicher"
    ),
    "Bake Texture": "Textur backen",
    "Read the footage once more and paint the head's skin with the actor's": (
        "Das Filmmaterial noch einmal lesen und die Haut des Kopfes mit der des Darstellers bemalen"
    ),
    "Painting the texture…": "Textur wird gemalt …",
    "Plain Skin": "Schlichte Haut",
    "Give the head the plain skin that it was made with": (
        "Dem Kopf die schlichte Haut geben, mit der er erstellt wurde"
    ),
    "Map of": "Karte von",
    "What the position map shows": "Was die Positionskarte zeigt",
    "The actor's resting face, in the head's own axes": (
        "Das ruhende Gesicht des Darstellers, in den eigenen Achsen des Kopfes"
    ),
    "The head as it stands in the scene's current frame, in the world's axes": (
        "Der Kopf, wie er im aktuellen Einzelbild der Szene steht, in den Achsen der Welt"
    ),
    "Make Position Map": "Positionskarte erstellen",
    "Make an image whose pixels hold where each point of the skin lies, in the texture's layout": (
        "Ein Bild erstellen, dessen Pixel angeben, wo jeder Punkt der Haut liegt, in der Anordnung der Textur"
    ),
    # export
    "Export": "Exportieren",
    "Export FBX": "FBX exportieren",
    "Write the head, its armature and its animation to an FBX file for a game engine": (
        "Den Kopf, sein Skelett und seine Animation in eine FBX-Datei für eine Spiel-Engine schreiben"
    ),
    # reasons and messages
    "Capture some footage first, or choose a captured head": (
        "Zuerst Filmmaterial erfassen oder einen erfassten Kopf wählen"
    ),
    "A photo has no frame rate": "Ein Foto hat keine Bildrate",
    "The scene has the footage's rate already": "Die Szene hat schon die Bildrate des Filmmaterials",
    "There is no captured head in the scene": "In der Szene ist kein erfasster Kopf",
    "The actor's texture is being baked": "Die Textur des Darstellers wird gebacken",
    "Baking cancelled": "Backen abgebrochen",
    "The head has its plain skin again": "Der Kopf hat wieder seine schlichte Haut",
    "Baked the actor's texture from {count} frame": "Textur des Darstellers aus {count} Bild gebacken",
    "Baked the actor's texture from {count} frames": "Textur des Darstellers aus {count} Bildern gebacken",
    "Made the image {image}": "Bild {image} erstellt",
    "Exported {file}": "{file} exportiert",
    "The head is linked from {file}; change it there, or make all of it local (Object, Relations, Make Local)": (
        "Der Kopf ist aus {file} verknüpft; dort ändern oder ganz lokal machen (Objekt, Beziehungen, Lokal machen)"
    ),
    "Choose a captured head first.": "Zuerst einen erfassten Kopf wählen.",
    "The footage of the take is not where it was; choose the file where it is now.": (
        "Das Filmmaterial des Takes ist nicht mehr, wo es war; die Datei wählen, wo sie jetzt ist."
    ),
    "The take does not say where its footage is; choose the file.": (
        "Der Take sagt nicht, wo sein Filmmaterial ist; die Datei wählen."
    ),
    "A modifier changes the number of the head's vertices; hide it in the viewport and try again.": (
        "Ein Modifikator ändert die Anzahl der Eckpunkte des Kopfes; im Ansichtsfenster ausblenden und erneut "
        "versuchen."
    ),
    "The armature carries no captured head any more; capture the footage again.": (
        "Das Skelett trägt keinen erfassten Kopf mehr; das Filmmaterial erneut erfassen."
    ),
    "The captured head's collection cannot be selected; unlock it in the Outliner.": (
        "Die Sammlung des erfassten Kopfs lässt sich nicht auswählen; im Outliner entsperren."
    ),
    "The captured head is hidden or in another scene; show it and export again.": (
        "Der erfasste Kopf ist ausgeblendet oder in einer anderen Szene; einblenden und erneut exportieren."
    ),
    "The head is being edited; leave edit mode first.": (
        "Der Kopf wird gerade bearbeitet; zuerst den Bearbeitungsmodus verlassen."
    ),
    "The head's first material has no Principled shader to take the texture; give it one, or make a new head.": (
        "Das erste Material des Kopfes hat keinen Principled-Shader für die Textur; ihm einen geben oder einen "
        "neuen Kopf erstellen."
    ),
    "The head's mesh is being edited or has other faces than the model; leave edit mode or make a new head.": (
        "Das Mesh des Kopfes wird gerade bearbeitet oder hat andere Flächen als das Modell; den Bearbeitungsmodus "
        "verlassen oder einen neuen Kopf erstellen."
    ),
    "The head's mesh was edited and cannot take another shape; apply the take without it, or make a new head.": (
        "Das Mesh des Kopfes wurde bearbeitet und kann keine andere Form annehmen; den Take ohne sie anwenden oder "
        "einen neuen Kopf erstellen."
    ),
}
