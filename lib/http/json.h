/*
 * http/json.h - JSON values built and read; the only home of cJSON.
 *
 * Building is sticky: set as often as you like, json_print tells whether all of it worked.
 *
 * Owns:      a document is released with the arena it was made in; children belong to it
 * Borrows:   slices read from a document live as long as the arena
 */
#ifndef HTTP_JSON_H
#define HTTP_JSON_H

#include <stdint.h>

#include "base/arena.h"

struct cJSON;

struct json {
	struct cJSON *node;
	struct json *document; /* itself for the outermost */
	struct arena *arena;
	bool failed;
};

/* A new object, empty. Never NULL: a document that could not be made is marked as failed. */
void json_init(struct json *doc, struct arena *a);

/* Set a member; members print in the order in which they were set. Text is UTF-8 without NUL. */
void json_set_text(struct json *object, const char *name, struct slice text);
void json_set_str(struct json *object, const char *name, const char *text);
void json_set_integer(struct json *object, const char *name, uint64_t integer);
void json_set_number(struct json *object, const char *name, double number);
void json_set_null(struct json *object, const char *name);
void json_set_bool(struct json *object, const char *name, bool value);

/* A new object as a member; `child` is the caller's and lives as long as it is filled. */
void json_set_object(struct json *object, const char *name, struct json *child);

/* The same for an array, whose elements keep the order in which they were added. */
void json_set_array(struct json *object, const char *name, struct json *child);
void json_add_object(struct json *array, struct json *child);
void json_add_str(struct json *array, const char *text);

/* The whole document without white space; *out lives in the arena. -1 when anything failed. */
int json_print(struct json *doc, struct slice *out) __attribute__((warn_unused_result));

/*
 * Read an object. -1 when the text is not one JSON object, or no memory was left; nor is a NUL taken,
 * at which cJSON would cut a string short, nor an object that has two members of one name, of which
 * every reader may take another (RFC 8259 section 4).
 */
int json_parse(struct json *doc, struct arena *a, struct slice text)
	__attribute__((warn_unused_result));

/* Members by exact name: false when there is none, or it is of another type. */
bool json_get_text(const struct json *object, const char *name, struct slice *out);
bool json_get_number(const struct json *object, const char *name, double *out);
bool json_has(const struct json *object, const char *name);

/*
 * The elements of an array, all of them texts: 1; 0 when the member is no array; -1 when it holds
 * anything else. *count tells them all, and the first `max` are in `out`.
 */
int json_get_texts(const struct json *object, const char *name, struct slice *out, size_t max,
	size_t *count) __attribute__((warn_unused_result));

#endif
