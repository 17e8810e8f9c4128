/*
 * store/volume_inside.h - what store/volume.c has for store/volume_file.c, and for nobody else: the
 * one knows folders and names, the other files in the making.
 */
#ifndef STORE_VOLUME_INSIDE_H
#define STORE_VOLUME_INSIDE_H

#include "store/volume.h"

/* -1 with the error that errno means, as store/volume.h says; `what` was tried. */
int volume_fail(struct error *err, const char *what);

/* "files/f12" at `folder`, and "files/f12/<id>.<ext>" at `path`. */
void volume_name_paths(enum volume_kind kind, const char *id, const char *ext,
	char folder[VOLUME_PATH_SIZE], char path[VOLUME_PATH_SIZE]);

/*
 * Make durable which names a folder has. One that is a link, and so may be anywhere, fails even where
 * nothing is to be made durable.
 */
int volume_sync_folder(const struct volume_root *root, const char *folder, struct error *err)
	__attribute__((warn_unused_result));

#endif
