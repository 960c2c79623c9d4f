// SPDX-License-Identifier: GPL-3.0-or-later
//
// Flamenco job type: footage of faces in, animated heads out. Needs Flamenco 3.5 or newer, and this extension enabled
// in the Blender of every worker. Put this file into the folder `scripts` beside flamenco-manager (docs/batch.md).
//
// The Manager runs this script and may see no files at all, so the Blender that submits the job looks for the clips:
// `clips` below is a Python expression. Each task then runs `blender --command ddfa capture` or `… bake`, which write
// complete files or none, so that Flamenco may do any task again.

// The Python expressions are functions called at once: what they define inside is then seen by their comprehensions.
const FIND_CLIPS =
    "(lambda folder, pattern, suffixes: '\\n'.join(sorted(file.as_posix() for file in folder.glob(pattern) " +
    "if file.is_file() and file.suffix.lower() in suffixes)))(abspath(settings.clip_folder), settings.clip_pattern, " +
    "{'.3gp', '.avi', '.flv', '.m2ts', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.mts', '.mxf', '.ogv', " +
    "'.ts', '.webm', '.wmv'})";

// What a bake can write: setting → option of `blender --command ddfa bake`, ending.
const FORMATS = [
    { key: "write_fbx", option: "--fbx", suffix: ".fbx" },
    { key: "write_blend", option: "--blend", suffix: ".blend" },
    { key: "write_glb", option: "--glb", suffix: ".glb" },
    { key: "write_usd", option: "--usd", suffix: ".usdc" },
    { key: "write_csv", option: "--csv", suffix: ".csv" },
    { key: "write_bvh", option: "--bvh", suffix: ".bvh" },
    { key: "write_json", option: "--json", suffix: ".json" },
];

const JOB_TYPE = {
    label: "DDFA Face Capture",
    description: "Capture the faces in many clips and bake an animated head for each",
    settings: [
        // For artists to determine:
        { key: "clip_folder", type: "string", subtype: "dir_path", required: true, visible: "submission",
          description: "Folder with the footage, on storage that all workers see" },
        { key: "clip_pattern", type: "string", required: true, default: "**/*", visible: "submission",
          description: "Which videos in it: '*' = all in the folder itself, '**/*' = in those below it too, '**/*_face.mov'" },
        { key: "output_folder", type: "string", subtype: "dir_path", required: true, visible: "submission",
          description: "Folder for takes and heads; the clips' folders are kept below it" },
        { key: "write_fbx", type: "bool", default: true, label: "FBX", description: "Head and animation as FBX" },
        { key: "write_blend", type: "bool", default: false, label: "Blend File", description: "Head and animation as .blend" },
        { key: "write_glb", type: "bool", default: false, label: "glTF", description: "Head and animation as binary glTF" },
        { key: "write_usd", type: "bool", default: false, label: "USD", description: "Head and animation as USD" },
        { key: "write_csv", type: "bool", default: false, label: "Live Link Face CSV",
          description: "ARKit channels as Live Link Face recording" },
        { key: "write_bvh", type: "bool", default: false, label: "BVH", description: "Movement of head and neck" },
        { key: "write_json", type: "bool", default: false, label: "JSON", description: "All cleaned channels" },
        { key: "driving", type: "string", choices: ["expression", "arkit"], default: "arkit",
          description: "Which shape keys are animated: the model's ten or ARKit's 52" },
        { key: "fps", type: "float", default: 0.0, propargs: { min: 0.0, max: 1000.0 }, label: "Frame Rate",
          description: "Frame rate of the animation; 0 = each clip's own" },
        { key: "bake_options", type: "string", default: "", label: "More Bake Options",
          description: "As for `blender --command ddfa bake`: --smooth-head 0.2 --frame-start 1001" },
        { key: "model_folder", type: "string", subtype: "dir_path", default: "", visible: "submission",
          description: "Model folder to capture with; empty = the one that came with the extension" },
        { key: "clips_per_task", type: "int32", default: 1, propargs: { min: 1, max: 1000 }, visible: "submission",
          description: "Clips that one task captures or bakes; more than 1 is for very short ones" },

        // Determined when the job is submitted:
        { key: "clips", type: "string", required: true, visible: "web", eval: FIND_CLIPS,
          description: "The clips, one per line" },
        { key: "clip_root", type: "string", required: true, visible: "web", eval: "abspath(settings.clip_folder).as_posix()",
          description: "Absolute path of the clips' folder" },
        { key: "output_root", type: "string", required: true, visible: "web", eval: "abspath(settings.output_folder).as_posix()",
          description: "Absolute path of the output folder" },
        { key: "model_root", type: "string", visible: "hidden",
          eval: "abspath(settings.model_folder).as_posix() if settings.model_folder else ''",
          description: "Absolute path of the model folder" },
    ],
};

function compileJob(job) {
    const settings = job.settings;
    const shots = nameShots(splitLines(settings.clips), settings.clip_root, settings.output_root);
    if (shots.length === 0) {
        throw new Error("There is no clip to capture: check the clip folder and the pattern");
    }
    const bakeArgs = bakeArguments(settings);
    const formats = FORMATS.filter(format => settings[format.key]);
    for (const chunk of chunksOf(shots, settings.clips_per_task)) {
        const capture = captureTask(chunk, settings);
        job.addTask(capture);
        if (formats.length > 0) {
            job.addTask(bakeTask(chunk, formats, bakeArgs, capture));
        }
    }
    print("DDFA Face Capture:", shots.length, "clips");
}

function captureTask(shots, settings) {
    const task = author.Task(taskName("capture", shots), "blender");
    const made = {};
    for (const shot of shots) {
        const folder = path.dirname(shot.output);
        if (made[folder] !== true) {
            made[folder] = true;
            task.addCommand(author.Command("make-directory", { path: folder }));
        }
        let args = ["capture", shot.clip, "--take", shot.output + ".npz"];
        if (settings.model_root) {
            args = args.concat(["--model", settings.model_root]);
        }
        task.addCommand(blender(args));
    }
    return task;
}

function bakeTask(shots, formats, bakeArgs, capture) {
    const task = author.Task(taskName("bake", shots), "blender");
    for (const shot of shots) {
        let args = ["bake", shot.output + ".npz"];
        for (const format of formats) {
            args = args.concat([format.option, shot.output + format.suffix]);
        }
        task.addCommand(blender(args.concat(bakeArgs)));
    }
    // The job copies a task when it is added: this comes before.
    task.addDependency(capture);
    return task;
}

// `--command` takes all that follows it; it needs no blend file, and quits with the command's exit status.
function blender(args) {
    return author.Command("blender-render", {
        exe: "{blender}",
        exeArgs: "{blenderArgs}",
        argsBefore: [],
        blendfile: "",
        args: ["--command", "ddfa"].concat(args),
    });
}

function bakeArguments(settings) {
    let args = ["--driving", settings.driving || "arkit"];
    if (settings.fps > 0) {
        args = args.concat(["--fps", String(settings.fps)]);
    }
    if (settings.bake_options) {
        args = args.concat(Array.from(shellSplit(settings.bake_options)));
    }
    return args;
}

// Each clip with the path of its files, without ending: its own below the clips' folder, and no two alike on any file
// system. Clips that differ in their ending only keep it.
function nameShots(clips, clipRoot, outputRoot) {
    const counts = {};
    const stems = clips.map(clip => withoutSuffix(relativeTo(clip, clipRoot)));
    for (const stem of stems) {
        counts[sameFile(stem)] = (counts[sameFile(stem)] || 0) + 1;
    }
    const taken = {};
    return clips.map((clip, index) => {
        const twin = counts[sameFile(stems[index])] > 1;
        const wanted = twin ? relativeTo(clip, clipRoot) : stems[index];
        let name = wanted;
        for (let number = 2; taken[sameFile(name)] === true; number++) {
            name = `${wanted} ${number}`;
        }
        taken[sameFile(name)] = true;
        return { clip: clip, name: name, output: below(outputRoot, name) };
    });
}

// `path.join` would make `/nas/…` of a share's `//nas/…`.
function below(root, name) {
    return `${toSlash(root).replace(/\/+$/, "")}/${name}`;
}

function sameFile(name) {
    return "/" + name.normalize("NFC").toLowerCase();
}

function relativeTo(clip, root) {
    const slashed = toSlash(clip);
    const folder = toSlash(root || "").replace(/\/+$/, "") + "/";
    return slashed.indexOf(folder) === 0 ? slashed.slice(folder.length) : path.basename(slashed);
}

function withoutSuffix(name) {
    const dot = name.lastIndexOf(".");
    return dot > name.lastIndexOf("/") + 1 ? name.slice(0, dot) : name;
}

function toSlash(text) {
    return text.replace(/\\/g, "/");
}

function splitLines(text) {
    return (text || "").split(/\r?\n/).map(line => line.trim()).filter(line => line.length > 0);
}

function chunksOf(shots, size) {
    const step = Math.max(1, Math.floor(size || 1));
    const chunks = [];
    for (let first = 0; first < shots.length; first += step) {
        chunks.push(shots.slice(first, first + step));
    }
    return chunks;
}

function taskName(what, shots) {
    const more = shots.length > 1 ? ` and ${shots.length - 1} more` : "";
    return `${what}-${shots[0].name}${more}`;
}
