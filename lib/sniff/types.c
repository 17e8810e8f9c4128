/* The tables of content types. */
#include "sniff/types.h"

/* libmagic tells each of these from the leading bytes. */
static const struct sniff_lane lanes[] = {
	{"png", "image/png"},
	{"jpg", "image/jpeg"},
	{"gif", "image/gif"},
	{"webp", "image/webp"},
	{"avif", "image/avif"},
	{"bmp", "image/bmp"},
	{"ico", "image/vnd.microsoft.icon"},
	{"mp4", "video/mp4"},
	{"webm", "video/webm"},
	{"mov", "video/quicktime"},
	{"ogv", "video/ogg"},
	{"mp3", "audio/mpeg"},
	{"m4a", "audio/mp4"},
	{"aac", "audio/aac"},
	{"ogg", "audio/ogg"},
	{"wav", "audio/wav"},
	{"flac", "audio/flac"},
	{"pdf", "application/pdf"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"wasm", "application/wasm"},
};

struct pair {
	const char *from, *to;
};

static const struct pair old_names[] = {
	{"application/font-sfnt", "font/sfnt"},
	{"application/font-woff", "font/woff"},
	{"application/font-woff2", "font/woff2"},
	{"application/javascript", "text/javascript"},
	{"application/vnd.ms-opentype", "font/otf"},
	{"application/x-font-ttf", "font/ttf"},
	{"application/x-gtar", "application/x-tar"},
	{"application/x-gzip", "application/gzip"},
	{"application/x-javascript", "text/javascript"},
	{"application/x-rar", "application/vnd.rar"},
	{"audio/vnd.wave", "audio/wav"},
	{"audio/x-flac", "audio/flac"},
	{"audio/x-hx-aac-adts", "audio/aac"},
	{"audio/x-m4a", "audio/mp4"},
	{"audio/x-wav", "audio/wav"},
	{"image/x-icon", "image/vnd.microsoft.icon"},
	{"image/x-ms-bmp", "image/bmp"},
	{"text/x-javascript", "text/javascript"},
	{"video/x-m4v", "video/mp4"},
};

static const struct {
	const char *type;
	enum sniff_vague vague;
} vague_types[] = {
	{"text/plain", SNIFF_TEXT},
	{"text/javascript", SNIFF_TEXT},
	{"text/xml", SNIFF_XML},
	{"application/xml", SNIFF_XML},
	{"application/zip", SNIFF_ZIP},
	{"application/java-archive", SNIFF_ZIP},
	{"application/x-ole-storage", SNIFF_OLE},
	{"application/cdfv2", SNIFF_OLE},
	{"application/vnd.ms-office", SNIFF_OLE},
	{"application/octet-stream", SNIFF_BYTES},
};

/* From plain bytes every row is allowed: a single letter is "bytes" to libmagic. */
static const struct {
	const char *ext, *type;
	unsigned refines;
} extensions[] = {
	{"txt", "text/plain", SNIFF_TEXT},
	{"text", "text/plain", SNIFF_TEXT},
	{"log", "text/plain", SNIFF_TEXT},
	{"css", "text/css", SNIFF_TEXT},
	{"js", "text/javascript", SNIFF_TEXT},
	{"mjs", "text/javascript", SNIFF_TEXT},
	{"cjs", "text/javascript", SNIFF_TEXT},
	{"json", "application/json", SNIFF_TEXT},
	{"map", "application/json", SNIFF_TEXT},
	{"geojson", "application/geo+json", SNIFF_TEXT},
	{"webmanifest", "application/manifest+json", SNIFF_TEXT},
	{"gltf", "model/gltf+json", SNIFF_TEXT},
	{"md", "text/markdown", SNIFF_TEXT},
	{"markdown", "text/markdown", SNIFF_TEXT},
	{"csv", "text/csv", SNIFF_TEXT},
	{"tsv", "text/tab-separated-values", SNIFF_TEXT},
	{"ics", "text/calendar", SNIFF_TEXT},
	{"vcf", "text/vcard", SNIFF_TEXT},
	{"vtt", "text/vtt", SNIFF_TEXT},
	{"yaml", "application/yaml", SNIFF_TEXT},
	{"yml", "application/yaml", SNIFF_TEXT},
	{"toml", "application/toml", SNIFF_TEXT},
	{"stl", "model/stl", SNIFF_TEXT},
	{"obj", "model/obj", SNIFF_TEXT},
	{"html", "text/html", SNIFF_TEXT | SNIFF_XML},
	{"htm", "text/html", SNIFF_TEXT | SNIFF_XML},
	{"svg", "image/svg+xml", SNIFF_TEXT | SNIFF_XML},
	{"xml", "text/xml", SNIFF_TEXT | SNIFF_XML},
	{"xhtml", "application/xhtml+xml", SNIFF_TEXT | SNIFF_XML},
	{"rss", "application/rss+xml", SNIFF_TEXT | SNIFF_XML},
	{"atom", "application/atom+xml", SNIFF_TEXT | SNIFF_XML},
	{"xsl", "application/xslt+xml", SNIFF_TEXT | SNIFF_XML},
	{"xslt", "application/xslt+xml", SNIFF_TEXT | SNIFF_XML},
	{"gpx", "application/gpx+xml", SNIFF_TEXT | SNIFF_XML},
	{"kml", "application/vnd.google-earth.kml+xml", SNIFF_TEXT | SNIFF_XML},
	{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		SNIFF_ZIP},
	{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", SNIFF_ZIP},
	{"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation",
		SNIFF_ZIP},
	{"odt", "application/vnd.oasis.opendocument.text", SNIFF_ZIP},
	{"ods", "application/vnd.oasis.opendocument.spreadsheet", SNIFF_ZIP},
	{"odp", "application/vnd.oasis.opendocument.presentation", SNIFF_ZIP},
	{"epub", "application/epub+zip", SNIFF_ZIP},
	{"jar", "application/java-archive", SNIFF_ZIP},
	{"apk", "application/vnd.android.package-archive", SNIFF_ZIP},
	{"kmz", "application/vnd.google-earth.kmz", SNIFF_ZIP},
	{"3mf", "model/3mf", SNIFF_ZIP},
	{"usdz", "model/vnd.usdz+zip", SNIFF_ZIP},
	{"zip", "application/zip", SNIFF_ZIP},
	{"doc", "application/msword", SNIFF_OLE},
	{"xls", "application/vnd.ms-excel", SNIFF_OLE},
	{"ppt", "application/vnd.ms-powerpoint", SNIFF_OLE},
	{"msg", "application/vnd.ms-outlook", SNIFF_OLE},
	{"msi", "application/x-msi", SNIFF_OLE},
	{"mp3", "audio/mpeg", 0},
	{"m4a", "audio/mp4", 0},
	{"mp4", "video/mp4", 0},
	{"m4v", "video/mp4", 0},
	{"mov", "video/quicktime", 0},
	{"ttf", "font/ttf", 0},
	{"otf", "font/otf", 0},
	{"glb", "model/gltf-binary", 0},
};

/* Types that no browser runs; "/" at the end stands for every subtype. */
static const char *const inert[] = {"audio/", "video/", "font/", "application/pdf",
	"application/wasm", "application/zip", "application/octet-stream", "text/plain"};

const struct sniff_lane *sniff_lanes(size_t *count)
{
	*count = sizeof lanes / sizeof *lanes;
	return lanes;
}

/* Without parameters. */
static struct slice essence(struct slice content_type)
{
	return slice_trim(slice_head(content_type, slice_find(content_type, ';')));
}

const char *sniff_ext(struct slice content_type)
{
	for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++) {
		if (slice_equal_nocase(essence(content_type), lanes[i].type)) {
			return lanes[i].ext;
		}
	}
	return "bin";
}

const char *sniff_modern_name(struct slice type)
{
	for (size_t i = 0; i < sizeof old_names / sizeof *old_names; i++) {
		if (slice_equal_nocase(type, old_names[i].from)) {
			return old_names[i].to;
		}
	}
	return NULL;
}

enum sniff_vague sniff_vagueness(struct slice type)
{
	for (size_t i = 0; i < sizeof vague_types / sizeof *vague_types; i++) {
		if (slice_equal_nocase(type, vague_types[i].type)) {
			return vague_types[i].vague;
		}
	}
	/* "text/x-c", "text/x-script.python": one word in a comment of a style sheet is enough. */
	return slice_starts(type, "text/x-") ? SNIFF_TEXT : SNIFF_SURE;
}

static struct slice extension_of(struct slice filename)
{
	size_t dot = slice_find_last(filename, '.');
	return slice_from(filename, dot < filename.n ? dot + 1 : filename.n);
}

const char *sniff_refine(struct slice filename, enum sniff_vague known)
{
	struct slice ext = extension_of(filename);
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		if (slice_equal_nocase(ext, extensions[i].ext)) {
			bool fits = (extensions[i].refines | SNIFF_BYTES) & known;
			return fits ? extensions[i].type : NULL;
		}
	}
	return NULL;
}

const char *sniff_type_of_name(struct slice filename)
{
	struct slice ext = extension_of(filename);
	for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++) {
		if (slice_equal_nocase(ext, lanes[i].ext)) {
			return lanes[i].type;
		}
	}
	return slice_equal_nocase(ext, "jpeg") ? "image/jpeg" : sniff_refine(filename, SNIFF_BYTES);
}

bool sniff_may_run(const char *content_type)
{
	struct slice type = essence(slice_view(content_type));
	size_t slash = slice_find(type, '/');
	for (size_t i = 0; i < sizeof inert / sizeof *inert; i++) {
		bool whole_family = inert[i][strlen(inert[i]) - 1] == '/';
		if (slice_equal_nocase(
			    slice_head(type, whole_family ? slash + 1 : type.n), inert[i])) {
			return false;
		}
	}
	return true;
}
