/* JSON on top of cJSON. */
#include "http/json.h"

#include <cjson/cJSON.h>
#include <inttypes.h>

static void delete_node(void *node)
{
	cJSON_Delete(node);
}

static void own(struct json *doc, struct arena *a, cJSON *node)
{
	*doc = (struct json){.node = node, .document = doc, .arena = a, .failed = node == NULL};
	if (node) {
		arena_defer(a, delete_node, node);
	}
}

void json_init(struct json *doc, struct arena *a)
{
	own(doc, a, cJSON_CreateObject());
}

static void add(struct json *object, const char *name, cJSON *value)
{
	/* The names are all literals of ours, so cJSON need not copy them. */
	if (!value || !object->node || !cJSON_AddItemToObjectCS(object->node, name, value)) {
		cJSON_Delete(value);
		object->document->failed = true;
	}
}

void json_set_str(struct json *object, const char *name, const char *text)
{
	add(object, name, text ? cJSON_CreateString(text) : NULL);
}

void json_set_text(struct json *object, const char *name, struct slice text)
{
	json_set_str(object, name, arena_dup(object->arena, text));
}

/* cJSON prints every number as a double and reads it back to see whether it is exact. */
void json_set_integer(struct json *object, const char *name, uint64_t integer)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%" PRIu64, integer);
	add(object, name, cJSON_CreateRaw(digits));
}

void json_set_number(struct json *object, const char *name, double number)
{
	add(object, name, cJSON_CreateNumber(number));
}

void json_set_null(struct json *object, const char *name)
{
	add(object, name, cJSON_CreateNull());
}

void json_set_bool(struct json *object, const char *name, bool value)
{
	add(object, name, cJSON_CreateBool(value));
}

/* `node` becomes a part of the parent's document. Once that has failed, nothing is kept of it. */
static void adopt(struct json *parent, struct json *child, cJSON *node)
{
	*child = (struct json){.node = parent->document->failed ? NULL : node,
		.document = parent->document,
		.arena = parent->arena};
}

static void append(struct json *array, cJSON *value)
{
	if (!value || !array->node || !cJSON_AddItemToArray(array->node, value)) {
		cJSON_Delete(value);
		array->document->failed = true;
	}
}

void json_set_object(struct json *object, const char *name, struct json *child)
{
	cJSON *node = cJSON_CreateObject();
	add(object, name, node);
	adopt(object, child, node);
}

void json_set_array(struct json *object, const char *name, struct json *child)
{
	cJSON *node = cJSON_CreateArray();
	add(object, name, node);
	adopt(object, child, node);
}

void json_add_object(struct json *array, struct json *child)
{
	cJSON *node = cJSON_CreateObject();
	append(array, node);
	adopt(array, child, node);
}

void json_add_str(struct json *array, const char *text)
{
	append(array, text ? cJSON_CreateString(text) : NULL);
}

int json_print(struct json *doc, struct slice *out)
{
	char *text = doc->failed ? NULL : cJSON_PrintUnformatted(doc->node);
	if (!text) {
		return -1;
	}
	arena_defer(doc->arena, cJSON_free, text);
	*out = slice_view(text);
	return 0;
}

/* In a string, as it is or escaped. Backslashes stand nowhere else. */
static bool has_nul(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\0') {
			return true;
		}
		if (text.p[i] == '\\' && slice_starts(slice_from(text, ++i), "u0000")) {
			return true;
		}
	}
	return false;
}

/* RFC 8259 section 2. */
static bool is_white_space(struct slice text)
{
	size_t i = 0;
	while (i < text.n && strchr(" \t\r\n", text.p[i])) {
		i++;
	}
	return i == text.n;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return strcmp(*x, *y);
}

/* Sorted, because to compare each with each takes seconds for a body of 64 KiB. */
static bool has_twins(const cJSON *object, struct arena *a)
{
	size_t count = (size_t)cJSON_GetArraySize(object), n = 0;
	const char **names = arena_take(a, count * sizeof *names);
	if (!names) {
		return true;
	}
	for (const cJSON *member = object->child; member; member = member->next) {
		names[n++] = member->string;
	}
	qsort(names, n, sizeof *names, compare_names);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(names[i - 1], names[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* In this value or below; cJSON's limit on nesting is the limit here. */
static bool has_twins_within(const cJSON *value, struct arena *a)
{
	if (cJSON_IsObject(value) && value->child && has_twins(value, a)) {
		return true;
	}
	for (const cJSON *child = value->child; child; child = child->next) {
		if (child->child && has_twins_within(child, a)) {
			return true;
		}
	}
	return false;
}

int json_parse(struct json *doc, struct arena *a, struct slice text)
{
	if (has_nul(text)) {
		return -1;
	}
	const char *end = NULL;
	cJSON *node = cJSON_ParseWithLengthOpts(text.p, text.n, &end, 0);
	if (node && (!cJSON_IsObject(node) ||
			    !is_white_space(slice_from(text, (size_t)(end - text.p))) ||
			    has_twins_within(node, a))) {
		cJSON_Delete(node);
		node = NULL;
	}
	own(doc, a, node);
	return node ? 0 : -1;
}

bool json_get_text(const struct json *object, const char *name, struct slice *out)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object->node, name);
	if (!cJSON_IsString(item)) {
		return false;
	}
	*out = slice_view(item->valuestring);
	return true;
}

int json_get_texts(
	const struct json *object, const char *name, struct slice *out, size_t max, size_t *count)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(object->node, name);
	*count = 0;
	if (!cJSON_IsArray(array)) {
		return 0;
	}
	for (const cJSON *item = array->child; item; item = item->next) {
		if (!cJSON_IsString(item)) {
			return -1;
		}
		if (*count < max) {
			out[*count] = slice_view(item->valuestring);
		}
		++*count;
	}
	return 1;
}

bool json_has(const struct json *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object->node, name) != NULL;
}

bool json_get_number(const struct json *object, const char *name, double *out)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object->node, name);
	if (!cJSON_IsNumber(item)) {
		return false;
	}
	*out = item->valuedouble;
	return true;
}
