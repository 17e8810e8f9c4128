/* A store on disk, and records in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob.h"
#include "store/record.h"

#define ID "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
#define OTHER "0193a1b2-c3d4-7e5f-8a9b-0123456abdef"

struct store {
	char dir[64];
	struct arena arena;
	struct volume volume;
	struct volume_root root;
};

static int setup(void **state)
{
	static struct store s;
	struct error err;
	*state = &s;
	snprintf(s.dir, sizeof s.dir, "/tmp/test_volume.XXXXXX");
	if (!mkdtemp(s.dir) || arena_init(&s.arena, 1024 * 1024) != 0 ||
		volume_make(s.dir, &err) != 0) {
		return -1;
	}
	volume_init(&s.volume, s.dir, true);
	return volume_open(&s.volume, &s.arena, &s.root, &err);
}

static int teardown(void **state)
{
	struct store *s = *state;
	char command[128];
	arena_release(&s->arena);
	volume_release(&s->volume);
	snprintf(command, sizeof command, "rm -r %s", s->dir);
	return system(command);
}

static const char *at(const struct store *s, const char *path)
{
	static char full[256];
	snprintf(full, sizeof full, "%s/%s", s->dir, path);
	return full;
}

static bool is_there(const struct store *s, const char *path)
{
	return access(at(s, path), F_OK) == 0;
}

static void put(struct store *s, const char *id, const char *ext, const char *text)
{
	struct volume_file *file = arena_alloc(&s->arena, sizeof *file);
	struct error err;
	assert_non_null(file);
	assert_int_equal(volume_create(&s->root, &s->arena, file, &err), 0);
	assert_int_equal(volume_write(file, slice_view(text), &err), 0);
	assert_int_equal(volume_sync(file, &err), 0);
	assert_int_equal(volume_link(file, VOLUME_FILES, id, ext, &err), 0);
}

static int read_status(struct store *s, const char *id, const char *ext)
{
	struct volume_stat st = {.fd = -1};
	struct error err;
	int status = volume_read(&s->root, VOLUME_FILES, id, ext, &st, &err);
	if (status == 1) {
		close(st.fd);
	}
	return status;
}

static void test_put_and_read(void **state)
{
	struct store *s = *state;
	struct volume_stat st;
	struct error err;
	char text[16] = "";
	put(s, ID, "png", "bytes");
	assert_true(is_there(s, "files/abc/" ID ".png"));
	assert_int_equal(volume_read(&s->root, VOLUME_FILES, ID, "png", &st, &err), 1);
	assert_int_equal(st.size, 5);
	assert_int_equal(read(st.fd, text, sizeof text), 5);
	assert_string_equal(text, "bytes");
	close(st.fd);
	assert_int_equal(read_status(s, ID, "jpg"), 0);
	assert_int_equal(read_status(s, OTHER, "png"), 0);
}

static void test_never_written_over(void **state)
{
	struct store *s = *state;
	struct volume_file *file = arena_alloc(&s->arena, sizeof *file);
	struct error err;
	put(s, ID, "png", "first");
	assert_int_equal(volume_create(&s->root, &s->arena, file, &err), 0);
	assert_int_equal(volume_write(file, slice_view("second!"), &err), 0);
	assert_int_equal(volume_link(file, VOLUME_FILES, ID, "png", &err), -1);
	assert_int_equal(err.status, 500);
	struct stat st;
	assert_int_equal(stat(at(s, "files/abc/" ID ".png"), &st), 0);
	assert_int_equal(st.st_size, 5);
}

static void test_unlink(void **state)
{
	struct store *s = *state;
	struct error err;
	put(s, ID, "png", "bytes");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(volume_unlink(&s->root, VOLUME_FILES, ID, "png", &err), 0);
		assert_int_equal(read_status(s, ID, "png"), 0);
	}
	/* Nor is a folder that was never made an error. */
	assert_int_equal(volume_unlink(&s->root, VOLUME_FILES, OTHER, "png", &err), 0);
}

/* What somebody planted: links, folders, pipes. None is followed, none is waited for. */
static void test_planted(void **state)
{
	struct store *s = *state;
	put(s, OTHER, "bin", "of somebody");
	assert_int_equal(mkdir(at(s, "files/abc"), 0755), 0);
	assert_int_equal(symlink("../def/" OTHER ".bin", at(s, "files/abc/" ID ".png")), 0);
	assert_int_equal(read_status(s, ID, "png"), 0);
	assert_int_equal(symlink("/etc/passwd", at(s, "files/abc/" ID ".jpg")), 0);
	assert_int_equal(read_status(s, ID, "jpg"), 0);
	assert_int_equal(symlink("nowhere", at(s, "files/abc/" ID ".gif")), 0);
	assert_int_equal(read_status(s, ID, "gif"), 0);
	assert_int_equal(mkfifo(at(s, "files/abc/" ID ".mp4"), 0644), 0);
	assert_int_equal(read_status(s, ID, "mp4"), 0);
	assert_int_equal(mkdir(at(s, "files/abc/" ID ".pdf"), 0755), 0);
	assert_int_equal(read_status(s, ID, "pdf"), 0);
}

/* A whole folder in place of a shard, somewhere else: nothing comes from it, nothing stays in it. */
static void test_planted_shard(void **state)
{
	struct store *s = *state;
	struct volume_file *file = arena_alloc(&s->arena, sizeof *file);
	struct error err;
	put(s, ID, "png", "bytes");
	assert_int_equal(read_status(s, ID, "png"), 1);
	char elsewhere[256];
	snprintf(elsewhere, sizeof elsewhere, "%s", at(s, "elsewhere"));
	assert_int_equal(rename(at(s, "files/abc"), elsewhere), 0);
	assert_int_equal(symlink("../elsewhere", at(s, "files/abc")), 0);
	assert_int_equal(read_status(s, ID, "png"), 0);
	assert_int_equal(volume_create(&s->root, &s->arena, file, &err), 0);
	assert_int_equal(volume_link(file, VOLUME_FILES, ID, "jpg", &err), -1);
	assert_false(is_there(s, "elsewhere/" ID ".jpg"));
}

static int link_status(struct store *s, enum volume_kind kind, const char *id)
{
	struct volume_file *file = arena_alloc(&s->arena, sizeof *file);
	struct error err;
	assert_int_equal(volume_create(&s->root, &s->arena, file, &err), 0);
	return volume_link(file, kind, id, "x", &err);
}

/* The same of a whole kind. */
static void test_planted_kind(void **state)
{
	struct store *s = *state;
	char elsewhere[256];
	snprintf(elsewhere, sizeof elsewhere, "%s", at(s, "elsewhere"));
	for (enum volume_kind kind = VOLUME_FILES; kind <= VOLUME_RESCUE; kind++) {
		assert_int_equal(rename(at(s, volume_folder(kind)), elsewhere), 0);
		assert_int_equal(symlink("elsewhere", at(s, volume_folder(kind))), 0);
		for (int i = 0; i < 2; i++) { /* the shard is made first, and then there */
			assert_int_equal(link_status(s, kind, ID), -1);
			assert_false(is_there(s, "elsewhere/abc/" ID ".x"));
		}
		assert_int_equal(unlink(at(s, volume_folder(kind))), 0);
		assert_int_equal(rename(elsewhere, at(s, volume_folder(kind))), 0);
	}
}

/* A store from before there were claims gets their folder with the first; the others must be there. */
static void test_kinds_to_come(void **state)
{
	struct store *s = *state;
	assert_int_equal(rmdir(at(s, "rescue")), 0);
	assert_int_equal(link_status(s, VOLUME_RESCUE, ID), 0);
	assert_true(is_there(s, "rescue/abc/" ID ".x"));
	assert_int_equal(rmdir(at(s, "records")), 0);
	assert_int_equal(link_status(s, VOLUME_RECORDS, ID), -1);
	assert_false(is_there(s, "records"));
	assert_int_equal(mkdir(at(s, "records"), 0755), 0);
}

static void test_marker(void **state)
{
	struct store *s = *state;
	struct volume_root root;
	struct volume elsewhere = {"/nowhere", true, -1};
	struct error err;
	assert_int_equal(unlink(at(s, ".cdn-store")), 0);
	assert_int_equal(volume_open(&s->volume, &s->arena, &root, &err), -1);
	assert_int_equal(err.status, 503);
	assert_string_equal(err.code, "unavailable");
	assert_int_equal(volume_make(s->dir, &err), 0);
	assert_int_equal(volume_open(&s->volume, &s->arena, &root, &err), 0);
	assert_int_equal(volume_open(&elsewhere, &s->arena, &root, &err), -1);
	assert_int_equal(err.status, 503);
	assert_int_equal(volume_make("/nowhere/at/all", &err), -1);
}

static struct record record_of(const char *filename)
{
	return (struct record){
		.id = ID,
		.owner = "usr_0123456789ab",
		.filename = filename,
		.size = 9007199254740991,
		.content_type = "text/plain; charset=utf-8",
		.ext = "bin",
		.sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		.created_ms = 1700000000000,
		.provenance = "upload",
		.original_url = "",
	};
}

static void test_record(void **state)
{
	struct store *s = *state;
	static const char *const names[] = {"a.txt", "a \"quoted\" \\ name", "\xf0\x9f\x8e\x89.png",
		"\xef\xbf\xbd", "download"};
	static const char *const urls[] = {"", "https://example.org/x?y=\"z\""};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct record in = record_of(names[i]), out;
		struct error err;
		in.original_url = urls[i % 2];
		assert_int_equal(record_publish(&s->root, &s->arena, &in, &err), 0);
		assert_int_equal(record_read(&s->root, &s->arena, ID, &out, &err), 1);
		assert_string_equal(out.id, in.id);
		assert_string_equal(out.owner, in.owner);
		assert_string_equal(out.filename, in.filename);
		assert_true(out.size == in.size);
		assert_string_equal(out.content_type, in.content_type);
		assert_string_equal(out.ext, in.ext);
		assert_string_equal(out.sha256, in.sha256);
		assert_true(out.created_ms == in.created_ms);
		assert_string_equal(out.provenance, in.provenance);
		assert_string_equal(out.original_url, in.original_url);
		/* A record is never written over either. */
		assert_int_equal(record_publish(&s->root, &s->arena, &in, &err), -1);
		assert_int_equal(record_remove(&s->root, ID, &err), 0);
		assert_int_equal(record_read(&s->root, &s->arena, ID, &out, &err), 0);
		assert_int_equal(record_remove(&s->root, ID, &err), 0);
	}
}

#define WHOLE                                                                                      \
	"{\"id\":\"x\",\"owner\":\"o\",\"filename\":\"f\",\"size\":1,\"content_type\":\"t\","      \
	"\"ext\":\"bin\",\"sha256\":\"s\",\"created_at\":\"2026-01-29T12:00:00Z\","                \
	"\"provenance\":\"upload\"}"

static void test_damaged_records(void **state)
{
	struct store *s = *state;
	static const char *const texts[] = {"", "x", "null", "[]", "{}", "{\"id\":\"x\"}"};
	static const char *const members[] = {"\"id\"", "\"owner\"", "\"filename\"", "\"size\"",
		"\"content_type\"", "\"ext\"", "\"sha256\"", "\"created_at\"", "\"provenance\""};
	struct record out;
	struct error err;
	assert_int_equal(mkdir(at(s, "records/abc"), 0755), 0);
	size_t count = sizeof texts / sizeof *texts;
	for (size_t i = 0; i <= count + sizeof members / sizeof *members; i++) {
		char text[] = WHOLE;
		const char *wrong = i < count ? texts[i] : text;
		if (i >= count && i < count + sizeof members / sizeof *members) {
			strstr(text, members[i - count])[1] = '_';
		}
		FILE *f = fopen(at(s, "records/abc/" ID ".json"), "we");
		assert_non_null(f);
		fputs(wrong, f);
		fclose(f);
		int good = i == count + sizeof members / sizeof *members;
		assert_int_equal(record_read(&s->root, &s->arena, ID, &out, &err), good ? 1 : -1);
		assert_true(good || err.status == 500);
	}
}

/* Cut anywhere, a record is damaged, and none is read past its end. */
static void test_cut_records(void **state)
{
	struct store *s = *state;
	struct record out;
	struct error err;
	assert_int_equal(mkdir(at(s, "records/abc"), 0755), 0);
	for (size_t n = 0; n < strlen(WHOLE); n++) {
		FILE *f = fopen(at(s, "records/abc/" ID ".json"), "we");
		assert_int_equal(fwrite(WHOLE, 1, n, f), n);
		fclose(f);
		arena_reset(&s->arena);
		assert_int_equal(volume_open(&s->volume, &s->arena, &s->root, &err), 0);
		assert_int_equal(record_read(&s->root, &s->arena, ID, &out, &err), -1);
	}
}

enum { LARGE = 2 * BLOB_BUFFERS * BLOB_BUFFER + 300000 };

/* Whatever the pieces: size, digest and leading bytes are those of the whole. */
static void test_blob(void **state)
{
	struct store *s = *state;
	static const size_t sizes[] = {0, 1, BLOB_LEADING - 1, BLOB_LEADING, BLOB_LEADING + 1,
		BLOB_BUFFER - 1, BLOB_BUFFER, BLOB_BUFFER + 1, 2 * BLOB_BUFFER, LARGE};
	static char bytes[LARGE];
	struct sha256 *hash = sha256_new();
	struct error err;
	struct blob *b = arena_alloc(&s->arena, sizeof *b);
	for (size_t i = 0; i < sizeof bytes; i++) {
		bytes[i] = (char)(i * 7 + i / 256);
	}
	assert_int_equal(blob_init(b, &s->root, &s->arena, hash, &err), 0);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		unsigned char digest[SHA256_BYTES];
		struct slice whole = slice_of(bytes, sizes[i]);
		assert_int_equal(blob_begin(b, true, &err), 0);
		assert_int_equal(blob_write(b, slice_view("given up"), &err), 0);
		assert_int_equal(blob_begin(b, true, &err), 0);
		for (size_t done = 0; done < whole.n; done += 8191) {
			struct slice piece = slice_head(slice_from(whole, done), 8191);
			assert_int_equal(blob_write(b, piece, &err), 0);
		}
		assert_int_equal(blob_finish(b, &err), 0);
		assert_int_equal(b->size, sizes[i]);
		assert_true(slice_equal(b->leading, slice_head(whole, BLOB_LEADING)));
		assert_int_equal(sha256_begin(hash), 0);
		assert_int_equal(sha256_add(hash, whole), 0);
		assert_int_equal(sha256_end(hash, digest), 0);
		assert_memory_equal(digest, b->sha256, sizeof digest);
		char ext[16];
		struct stat st;
		snprintf(ext, sizeof ext, "%zu", i);
		assert_int_equal(volume_link(blob_take(b), VOLUME_FILES, ID, ext, &err), 0);
		assert_int_equal(stat(at(s, "files/abc/" ID ".0"), &st), 0);
	}
	/* Given up with a buffer still being hashed: the arena's reset waits for that. */
	assert_int_equal(blob_begin(b, true, &err), 0);
	assert_int_equal(blob_write(b, slice_of(bytes, 2 * BLOB_BUFFER), &err), 0);
	arena_reset(&s->arena);
	/* Were it not so, the digest would be of what the next request writes there. */
	unsigned char digest[SHA256_BYTES], whole[SHA256_BYTES];
	memset(s->arena.block, 'x', s->arena.size);
	assert_int_equal(sha256_end(hash, digest), 0);
	assert_int_equal(sha256_begin(hash), 0);
	assert_int_equal(sha256_add(hash, slice_of(bytes, 2 * BLOB_BUFFER)), 0);
	assert_int_equal(sha256_end(hash, whole), 0);
	assert_memory_equal(digest, whole, sizeof digest);
	sha256_free(hash);
}

/* What was taken stays while the next file comes; what was dropped is still hashed. */
static void test_blobs(void **state)
{
	struct store *s = *state;
	struct sha256 *hash = sha256_new();
	struct error err;
	struct stat st;
	unsigned char digest[SHA256_BYTES];
	struct blob *b = arena_alloc(&s->arena, sizeof *b);
	assert_int_equal(blob_init(b, &s->root, &s->arena, hash, &err), 0);
	assert_int_equal(blob_begin(b, true, &err), 0);
	assert_int_equal(blob_write(b, slice_view("first"), &err), 0);
	assert_int_equal(blob_finish(b, &err), 0);
	memcpy(digest, b->sha256, sizeof digest);
	struct volume_file *first = blob_take(b);
	for (int kept = 0; kept < 2; kept++) {
		assert_int_equal(blob_begin(b, kept, &err), 0);
		assert_int_equal(blob_write(b, slice_view("fi"), &err), 0);
		blob_drop(b);
		assert_int_equal(blob_write(b, slice_view("rst"), &err), 0);
		assert_int_equal(blob_finish(b, &err), 0);
		assert_int_equal(b->size, 5);
		assert_memory_equal(digest, b->sha256, sizeof digest);
		assert_null(blob_take(b));
	}
	assert_int_equal(volume_link(first, VOLUME_FILES, ID, "bin", &err), 0);
	assert_int_equal(stat(at(s, "files/abc/" ID ".bin"), &st), 0);
	assert_int_equal(st.st_size, 5);
	arena_reset(&s->arena);
	sha256_free(hash);
}

static int lock_status(struct store *s)
{
	struct error err;
	int fd;
	assert_int_equal(volume_edit(&s->root, VOLUME_RECORDS, ID, "json", &fd, &err), 1);
	assert_true(volume_leads_to(&s->root, VOLUME_RECORDS, ID, "json", fd));
	int status = flock(fd, LOCK_EX | LOCK_NB);
	close(fd);
	return status;
}

static size_t unfinished(const struct store *s)
{
	size_t count = 0;
	DIR *tmp = opendir(at(s, "tmp"));
	assert_non_null(tmp);
	for (struct dirent *e = readdir(tmp); e; e = readdir(tmp)) {
		count += *e->d_name != '.';
	}
	closedir(tmp);
	return count;
}

/* The new record is whole and locked from the moment on at which the name leads to it. */
static void test_replace(void **state)
{
	struct store *s = *state;
	struct record in = record_of("old.txt"), out;
	struct volume_file *file;
	struct error err;
	int fd;
	/* With unnamed files, and without, as where there is no /proc. */
	for (int named = 0; named <= 1; named++) {
		in.filename = "old.txt";
		in.renamed_ms = 0;
		assert_int_equal(record_publish(&s->root, &s->arena, &in, &err), 0);
		if (named) {
			volume_release(&s->volume);
		}
		assert_int_equal(volume_edit(&s->root, VOLUME_RECORDS, ID, "json", &fd, &err), 1);
		in.filename = "new.txt";
		in.renamed_ms = 1700000000001;
		assert_int_equal(record_replace(&s->root, &s->arena, &in, &file, &err), 0);
		assert_false(volume_leads_to(&s->root, VOLUME_RECORDS, ID, "json", fd));
		close(fd);
		assert_int_equal(lock_status(s), -1);
		volume_discard(file);
		assert_int_equal(lock_status(s), 0);
		assert_int_equal(record_read(&s->root, &s->arena, ID, &out, &err), 1);
		assert_string_equal(out.filename, "new.txt");
		assert_true(out.renamed_ms == in.renamed_ms);
		assert_int_equal(unfinished(s), 0);
		assert_int_equal(record_remove(&s->root, ID, &err), 0);
	}
	assert_int_equal(volume_edit(&s->root, VOLUME_RECORDS, ID, "json", &fd, &err), 0);
}

/* There is nothing to take the place of, not even a folder: nothing is left. */
static void test_replace_nothing(void **state)
{
	struct store *s = *state;
	struct record in = record_of("new.txt");
	struct volume_file *file;
	struct error err;
	assert_int_equal(record_replace(&s->root, &s->arena, &in, &file, &err), -1);
	volume_discard(file);
	assert_int_equal(unfinished(s), 0);
	assert_false(is_there(s, "records/abc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_put_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_never_written_over, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unlink, setup, teardown),
		cmocka_unit_test_setup_teardown(test_planted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_planted_shard, setup, teardown),
		cmocka_unit_test_setup_teardown(test_planted_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kinds_to_come, setup, teardown),
		cmocka_unit_test_setup_teardown(test_marker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_blob, setup, teardown),
		cmocka_unit_test_setup_teardown(test_blobs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replace_nothing, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
