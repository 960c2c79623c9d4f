# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures and meshes of the faces in a photo."""

#: What can be written, in the order in which it is: pictures of all faces of the photo, then files for each face.
PICTURES = ("sparse", "dense", "mesh", "depth", "pncc", "pose")
MESHES = ("uv", "obj", "ply")
KINDS = (*PICTURES, *MESHES)
