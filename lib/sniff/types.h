/*
 * sniff/types.h - content types: what each is called, which name an extension gives it, which have
 * an extension on disk, and which a browser could run. Tables only; nothing here reads a file.
 *
 * Borrows:   every returned string is static
 */
#ifndef SNIFF_TYPES_H
#define SNIFF_TYPES_H

#include "base/slice.h"

/*
 * Types that say too little, so that a file's extension may say more. SNIFF_SURE is none of them.
 */
enum sniff_vague {
	SNIFF_SURE = 0,
	SNIFF_TEXT = 1,  /* text/plain, and guesses at the language of a source */
	SNIFF_XML = 2,   /* some XML */
	SNIFF_ZIP = 4,   /* some zip */
	SNIFF_OLE = 8,   /* some OLE compound document */
	SNIFF_BYTES = 16 /* application/octet-stream */
};

/*
 * A type of the static lane and its extension on disk. A type has one extension and an extension
 * one type, so that the web server can tell the type from the path. None is a document that a
 * browser runs.
 */
struct sniff_lane {
	const char *ext, *type;
};

/* The table of the static lane. */
const struct sniff_lane *sniff_lanes(size_t *count);

/* The extension on disk for a content type: its lane's, else "bin". Parameters are ignored. */
const char *sniff_ext(struct slice content_type);

/* Today's name of a type that libmagic calls by an old one; NULL when it has no newer one. */
const char *sniff_modern_name(struct slice type);

/* How little a type says. */
enum sniff_vague sniff_vagueness(struct slice type);

/*
 * The type a file's extension (either case) stands for, when what is known of the bytes allows it:
 * text never becomes a zip, nor a zip a page. NULL when the extension is unknown or does not fit.
 */
const char *sniff_refine(struct slice filename, enum sniff_vague known);

/* The type of an empty file by its extension alone, or NULL. */
const char *sniff_type_of_name(struct slice filename);

/*
 * Whether a browser could run a file of this type as a document: the serving side must then send
 * the sandbox. True unless the type is on a short list of those known to be inert.
 */
bool sniff_may_run(const char *content_type);

#endif
