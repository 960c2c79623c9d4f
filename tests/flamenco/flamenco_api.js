// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a job compiler script finds in Flamenco Manager 3.5, by its documented contract: `author`, `path`, `print`,
// `shellSplit`. Tasks and commands are values of Go there: whoever adds one adds a copy, later changes are lost.
"use strict";

var printed = [];

function print() {
    printed.push(Array.prototype.slice.call(arguments).join(" "));
}

function shellSplit(text) {
    return JSON.parse(shellSplitAsJson(String(text)));
}

var author = {
    Task: function (name, type) {
        if (typeof name !== "string" || name.trim() === "") {
            throw new Error("author.Task(name, type): name is required");
        }
        if (typeof type !== "string" || type.trim() === "") {
            throw new Error("author.Task(name, type): type is required");
        }
        return {
            uuid: `task-${(author.count += 1)}`,
            name: name.trim(),
            type: type.trim(),
            priority: 50,
            commands: [],
            dependencies: [],
            addCommand: function (command) {
                this.commands = this.commands.concat([copied(command)]);
            },
            addDependency: function (task) {
                if (typeof task.uuid !== "string") {
                    throw new Error("addDependency needs a task");
                }
                this.dependencies = this.dependencies.concat([task.uuid]);
            },
        };
    },
    Command: function (name, parameters, totalStepCount) {
        if (typeof name !== "string" || typeof parameters !== "object") {
            throw new Error("author.Command(name, parameters)");
        }
        return { name: name, parameters: copied(parameters), totalStepCount: totalStepCount || 0 };
    },
    count: 0,
};

var path = {
    basename: function (text) {
        const parts = text.replace(/\\/g, "/").replace(/\/+$/, "").split("/");
        return parts[parts.length - 1] || (text ? "/" : ".");
    },
    dirname: function (text) {
        const slashed = text.replace(/\\/g, "/");
        const end = slashed.lastIndexOf("/");
        return end < 0 ? "." : end === 0 ? "/" : slashed.slice(0, end);
    },
    join: function () {
        return Array.prototype.slice.call(arguments).filter(Boolean).join("/").replace(/\\/g, "/").replace(/\/+/g, "/");
    },
    stem: function (text) {
        return path.basename(text).replace(/\.[^.]*$/, "");
    },
};

// Values go through Go's types, so nothing but data survives.
function copied(value) {
    return JSON.parse(JSON.stringify(value));
}

// Compile a job of these settings (JSON); what the Manager would hand out, as JSON.
function compileForTest(settingsAsJson) {
    const job = {
        name: "A job",
        settings: JSON.parse(settingsAsJson),
        tasks: [],
        addTask: function (task) {
            this.tasks.push(copied(task));
        },
    };
    compileJob(job);
    return JSON.stringify(job.tasks);
}
