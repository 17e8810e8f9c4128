/* A request that does not fit into its arena: 500, or an answer in full; never half of one. */
#include "fixture.h"

enum { SMALLEST = 4 * 1024, STEP = 3001 };

static int open_all(void **state)
{
	return fixture_set_up(state, TIER_FUNCTIONALLY_UNLIMITED, NULL, 0);
}

static void resize(struct fixture *f, size_t size)
{
	arena_release(&f->arena);
	assert_int_equal(arena_init(&f->arena, size), 0);
}

/* Every answer in full has all of these, each with a value. */
static const char *const of_a_file[] = {"Content-Type", "Content-Disposition", "Cache-Control",
	"Accept-Ranges", "ETag", "Last-Modified", "X-Content-Type-Options"};

static bool has_all(const struct response *res, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (response_get(res, names[i]).n == 0) {
			return false;
		}
	}
	return true;
}

static void check_upload(struct fixture *f, struct ask *ask)
{
	struct kept before = fixture_kept(f);
	int status = fixture_ask(f, ask);
	if (status != 201) {
		assert_int_equal(status, 500);
		fixture_same(f, &before);
		return;
	}
	assert_non_null(memmem(f->body.p, f->body.n, "\"sha256\":\"", 10));
	struct kept after = fixture_kept(f);
	assert_int_equal(after.files, before.files + 1);
	assert_int_equal(after.records, before.records + 1);
	assert_int_equal(after.counted_files, before.counted_files + 1);
}

static struct ask upload(const struct fixture *f, struct slice body)
{
	return (struct ask){.method = "POST",
		.target = "/api/v4/upload",
		.headers = "content-type: multipart/form-data; boundary=B",
		.key = f->key,
		.body = body};
}

#define HEAD "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"

static void test_upload(void **state)
{
	struct fixture *f = *state;
	struct ask ask = upload(f, slice_view(HEAD "some text\r\n--B--\r\n"));
	size_t refused = 0, stored = 0;
	for (size_t size = SMALLEST; size <= APP_ARENA; size += STEP) {
		resize(f, size);
		check_upload(f, &ask);
		f->res.status == 201 ? stored++ : refused++;
	}
	assert_true(refused > 0 && stored > 0);
	resize(f, APP_ARENA);
	assert_int_equal(fixture_ask(f, &ask), 201);
}

/*
 * Where the arena just about fits, byte by byte: the end of an upload is where harm could be done.
 */
static void test_upload_at_the_edge(void **state)
{
	struct fixture *f = *state;
	struct ask ask = upload(f, slice_view(HEAD "some text\r\n--B--\r\n"));
	size_t low = SMALLEST, high = APP_ARENA;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		resize(f, middle);
		check_upload(f, &ask);
		*(f->res.status == 201 ? &high : &low) = middle;
	}
	for (size_t size = high - 4096; size < high + 512; size += 16) {
		resize(f, size);
		check_upload(f, &ask);
	}
	resize(f, APP_ARENA);
}

/* A client cannot fill the arena with names: a thousand are as good as one. */
static void test_upload_with_many_names(void **state)
{
	struct fixture *f = *state;
	char *body = NULL, name[249];
	size_t n;
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	resize(f, APP_ARENA);
	for (size_t parts = 100; parts <= 1000; parts += 50) {
		FILE *out = open_memstream(&body, &n);
		for (size_t i = 0; i < parts; i++) {
			fprintf(out,
				"--B\r\nContent-Disposition: form-data; name=\"file\"; "
				"filename=\"%s\"\r\n\r\nx\r\n",
				name);
		}
		fputs("--B--\r\n", out);
		fclose(out);
		struct ask ask = upload(f, slice_of(body, n));
		assert_int_equal(fixture_ask(f, &ask), 201);
		free(body);
	}
}

/* As many files as a batch takes, of the longest names and the longest type. */
static struct slice largest_batch(char **storage)
{
	size_t n;
	FILE *out = open_memstream(storage, &n);
	for (size_t i = 0; i < 40; i++) {
		fputs("--B\r\nContent-Disposition: form-data; name=\"files[]\"; filename=\"", out);
		for (size_t c = 0; c < 83; c++) {
			fputs("\xe2\x82\xac", out);
		}
		fputs("a.pptx\"\r\n\r\n\r\n", out);
	}
	fputs("--B--\r\n", out);
	fclose(out);
	return slice_of(*storage, n);
}

static size_t count_digests(struct slice text)
{
	static const char digest[] = "\"sha256\":\"";
	size_t count = 0;
	for (const char *p = text.p; p; p = p ? p + 1 : NULL) {
		p = memmem(p, (size_t)(text.p + text.n - p), digest, sizeof digest - 1);
		count += p != NULL;
	}
	return count;
}

/* How many files a batch says that it stored: objects, or lines of text. */
static size_t count_told(struct fixture *f)
{
	size_t lines = 0;
	if (f->body.p[0] == '{') {
		return count_digests(f->body);
	}
	for (size_t i = 0; i < f->body.n; i++) {
		lines += f->body.p[i] == '\n';
	}
	return lines;
}

#define FORM "content-type: multipart/form-data; boundary=B"

/* All of it is stored and told, or nothing is: no client hears 500 of files that are there. */
static void test_batch(void **state)
{
	static const char *const headers[] = {FORM, FORM "\naccept: text/plain",
		FORM "\nidempotency-key: %zu",
		FORM "\naccept: text/plain\nidempotency-key: %zu-text"};
	struct fixture *f = *state;
	char *storage = NULL, lines[128];
	struct ask ask = upload(f, largest_batch(&storage));
	ask.target = "/api/v4/uploads";
	ask.headers = lines;
	for (size_t i = 0; i < COUNT(headers); i++) {
		size_t refused = 0, size = APP_ARENA - 304 * 1024;
		/* What a worker itself takes, for the head of the request, is half of what is left out. */
		for (; size <= APP_ARENA - 192 * 1024; size += 16 * 1024) {
			resize(f, size);
			snprintf(lines, sizeof lines, headers[i], size);
			struct kept before = fixture_kept(f);
			int status = fixture_ask(f, &ask);
			assert_true(status == 201 || status == 500);
			size_t told = status == 201 ? count_told(f) : 0;
			assert_int_equal(told, status == 201 ? 40 : 0);
			assert_int_equal(fixture_kept(f).files, before.files + told);
			assert_int_equal(
				fixture_kept(f).counted_files, before.counted_files + told);
			refused += status == 500;
		}
		assert_true(refused > 0);
		assert_int_equal(f->res.status, 201);
	}
	resize(f, APP_ARENA);
	free(storage);
}

static void test_get(void **state)
{
	struct fixture *f = *state;
	char path[256];
	resize(f, APP_ARENA);
	assert_int_equal(fixture_upload(f, f->key, "a.txt", slice_view("some text")), 201);
	snprintf(path, sizeof path, "/%s/a.txt", fixture_text(f, "id"));
	size_t whole = 0;
	for (size_t size = SMALLEST; size <= 64 * 1024; size += 64) {
		resize(f, size);
		struct ask ask = {.target = path, .headers = "range: bytes=1-3"};
		int status = fixture_ask(f, &ask);
		if (status == 206) {
			assert_true(has_all(&f->res, of_a_file, COUNT(of_a_file)));
			/* Read in place: in an arena that is all but full a copy may not fit. */
			assert_true(slice_equal_str(
				response_get(&f->res, "Content-Range"), "bytes 1-3/9"));
			whole++;
		} else {
			assert_int_equal(status, 500);
		}
	}
	assert_true(whole > 0);
	resize(f, APP_ARENA);
}

static void test_delete_and_me(void **state)
{
	struct fixture *f = *state;
	char path[256];
	for (size_t size = 512; size <= 16 * 1024; size += 256) {
		resize(f, APP_ARENA);
		struct kept before = fixture_kept(f);
		assert_int_equal(fixture_upload(f, f->key, "a.txt", slice_view("some text")), 201);
		snprintf(path, sizeof path, "/api/v4/upload/%s", fixture_text(f, "id"));
		resize(f, size);
		int status = fixture_get(f, "GET", "/api/v4/me", f->key);
		assert_true(status == 200 || status == 500);
		status = fixture_get(f, "DELETE", path, f->key);
		assert_true(status == 200 || status == 500);
		resize(f, APP_ARENA);
		/* Whatever came of the first, the second ends it. */
		status = fixture_get(f, "DELETE", path, f->key);
		assert_true(status == 200 || status == 404);
		fixture_same(f, &before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upload),
		cmocka_unit_test(test_upload_at_the_edge),
		cmocka_unit_test(test_upload_with_many_names),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_delete_and_me),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
