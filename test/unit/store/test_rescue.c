/* Claims of old URLs: found, refused, replaced, damaged, planted, many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/oldurl.h"
#include "store/bulk.h"
#include "store/rescue.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ONE "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
#define TWO "0193a1b2-c3d4-7e5f-8a9b-0123456abdef"

struct store {
	char dir[64];
	struct arena arena, walk;
	struct volume volume;
	struct volume_root root;
	struct sha256 *hash;
};

static int setup(void **state)
{
	static struct store s;
	struct error err;
	*state = &s;
	snprintf(s.dir, sizeof s.dir, "/tmp/test_rescue.XXXXXX");
	s.hash = sha256_new();
	if (!s.hash || !mkdtemp(s.dir) || arena_init(&s.arena, 4 * 1024 * 1024) != 0 ||
		arena_init(&s.walk, 64 * 1024) != 0 || volume_make(s.dir, &err) != 0) {
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
	arena_release(&s->walk);
	volume_release(&s->volume);
	sha256_free(s->hash);
	snprintf(command, sizeof command, "rm -r %s", s->dir);
	return system(command);
}

/* Where the claim of a URL lies. */
static const char *claim_path(const struct store *s, const char *url)
{
	static char path[256];
	char digest[SHA256_HEX_SIZE];
	assert_int_equal(sha256_hex(s->hash, slice_view(url), digest), 0);
	snprintf(path, sizeof path, "%s/rescue/%s/%s.json", s->dir, digest + 61, digest);
	return path;
}

/* The outcome, or minus the status of the error. */
static int add(struct store *s, const char *url, const char *id, bool replace)
{
	const struct claim claim = {url, id, 1700000000000};
	enum rescue_outcome outcome;
	struct error err;
	if (rescue_add(&s->root, &s->arena, s->hash, &claim, replace, &outcome, &err) == 0) {
		return (int)outcome;
	}
	return -err.status;
}

/* The id, "" when nobody claimed it, NULL when it could not be told. */
static const char *find(struct store *s, const char *url)
{
	struct claim claim;
	struct error err;
	int found = rescue_find(&s->root, &s->arena, s->hash, slice_view(url), &claim, &err);
	if (found < 0) {
		assert_int_equal(err.status, 500);
		return NULL;
	}
	if (found == 1) {
		assert_string_equal(claim.url, url);
		assert_true(claim.created_ms == 1700000000000);
	}
	return found ? claim.id : "";
}

static void write_claim(const struct store *s, const char *url, const char *text)
{
	FILE *f = fopen(claim_path(s, url), "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void test_exact(void **state)
{
	struct store *s = *state;
	static const char *const urls[] = {"https://old/a.png", "https://old/A.png",
		"http://old/a.png", "https://old/a.png?", "https://old/a%2Epng",
		"https://old/a.png#", "HTTPS://old/a.png", "https://old/%C3%A9\"\\",
		"https://old/a.pn"};
	for (size_t i = 0; i < COUNT(urls); i++) {
		assert_string_equal(find(s, urls[i]), "");
		assert_int_equal(add(s, urls[i], i % 2 ? ONE : TWO, false), RESCUE_ADDED);
		assert_int_equal(access(claim_path(s, urls[i]), F_OK), 0);
	}
	for (size_t i = 0; i < COUNT(urls); i++) {
		assert_string_equal(find(s, urls[i]), i % 2 ? ONE : TWO);
	}
	assert_string_equal(find(s, "https://old/a.p"), "");
	assert_string_equal(find(s, "a.png"), "");
	assert_string_equal(find(s, ""), "");
}

static void test_longest(void **state)
{
	struct store *s = *state;
	char url[OLDURL_MAX + 2] = "https://";
	memset(url + 8, '"', OLDURL_MAX - 8); /* as JSON twice as long */
	assert_int_equal(add(s, url, ONE, false), RESCUE_ADDED);
	assert_string_equal(find(s, url), ONE);
	url[OLDURL_MAX] = 'a';
	assert_int_equal(add(s, url, ONE, false), -400);
	assert_string_equal(find(s, url), "");
}

static void test_again(void **state)
{
	struct store *s = *state;
	const char *url = "https://old/a.png";
	const struct claim later = {url, ONE, 1800000000000};
	enum rescue_outcome outcome;
	struct error err;
	assert_int_equal(add(s, url, ONE, false), RESCUE_ADDED);
	assert_int_equal(add(s, url, ONE, false), RESCUE_UNCHANGED);
	assert_int_equal(add(s, url, ONE, true), RESCUE_UNCHANGED);
	assert_int_equal(add(s, url, TWO, false), -409);
	assert_int_equal(rescue_add(&s->root, &s->arena, s->hash, &later, true, &outcome, &err), 0);
	assert_string_equal(find(s, url), ONE); /* of the same time */
	assert_int_equal(add(s, url, TWO, true), RESCUE_REPLACED);
	assert_string_equal(find(s, url), TWO);
}

static void test_refused(void **state)
{
	struct store *s = *state;
	static const char *const urls[] = {
		"", "a", "ftp://a", "https://", "https://a b", "https://a\n", "https://\xff"};
	static const char *const ids[] = {
		"", "x", "../../etc/passwd", "0193A1B2-C3D4-7E5F-8A9B-0123456ABABC", ONE "0"};
	for (size_t i = 0; i < COUNT(urls); i++) {
		assert_int_equal(add(s, urls[i], ONE, true), -400);
	}
	for (size_t i = 0; i < COUNT(ids); i++) {
		assert_int_equal(add(s, "https://old/a", ids[i], true), -400);
	}
	assert_string_equal(find(s, "https://old/a"), "");
}

#define CLAIM(url, id, created)                                                                    \
	"{\"url\":\"" url "\",\"id\":\"" id "\",\"created_at\":\"" created "\"}"
#define TIME "2023-11-14T22:13:20Z"

/* What is damaged leads nowhere, and the administrator's word mends it. */
static void test_damaged(void **state)
{
	struct store *s = *state;
	const char *url = "https://old/a";
	static const char *const texts[] = {"", "x", "[]", "{}", "{\"url\":\"https://old/a\"",
		CLAIM("https://old/b", ONE, TIME), CLAIM("https://old/A", ONE, TIME),
		CLAIM("https://old/a", "../../../etc/passwd", TIME),
		CLAIM("https://old/a", "", TIME), CLAIM("https://old/a", ONE, "yesterday"),
		"{\"url\":\"https://old/a\",\"id\":1}"};
	assert_int_equal(add(s, url, ONE, false), RESCUE_ADDED);
	for (size_t i = 0; i < COUNT(texts); i++) {
		write_claim(s, url, texts[i]);
		assert_null(find(s, url));
		assert_int_equal(add(s, url, TWO, false), RESCUE_REPLACED);
		assert_string_equal(find(s, url), TWO);
	}
	write_claim(s, url, CLAIM("https://old/a", ONE, TIME));
	assert_string_equal(find(s, url), ONE);
}

/* A link in a claim's place is not followed, wherever it leads, and nothing goes through one. */
static void test_planted(void **state)
{
	struct store *s = *state;
	const char *url = "https://old/a";
	char good[256], shard[256];
	assert_int_equal(add(s, url, ONE, false), RESCUE_ADDED);
	snprintf(good, sizeof good, "%s/good.json", s->dir);
	assert_int_equal(rename(claim_path(s, url), good), 0);
	assert_int_equal(symlink(good, claim_path(s, url)), 0);
	assert_string_equal(find(s, url), "");
	assert_true(add(s, url, ONE, true) < 0);
	snprintf(shard, sizeof shard, "%s", claim_path(s, url));
	assert_int_equal(unlink(shard), 0);
	*strrchr(shard, '/') = '\0';
	assert_int_equal(rmdir(shard), 0);
	assert_int_equal(symlink("/tmp", shard), 0);
	assert_string_equal(find(s, url), "");
	assert_true(add(s, url, ONE, true) < 0);
	assert_int_equal(unlink(shard), 0);
	assert_int_equal(add(s, url, ONE, false), RESCUE_ADDED);
	assert_string_equal(find(s, url), ONE);
}

/* A store from before there were claims. */
static void test_no_folder(void **state)
{
	struct store *s = *state;
	char path[256];
	snprintf(path, sizeof path, "%s/rescue", s->dir);
	assert_int_equal(rmdir(path), 0);
	assert_string_equal(find(s, "https://old/a"), "");
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(add(s, "https://old/a", ONE, false), RESCUE_ADDED);
	assert_string_equal(find(s, "https://old/a"), ONE);
}

struct seen {
	size_t claims, damaged, ends_at;
};

static int count(void *context, const struct claim *claim, struct error *err)
{
	struct seen *seen = context;
	if (!claim) {
		assert_int_equal(err->status, 500);
		seen->damaged++;
		return 0;
	}
	assert_string_equal(claim->id, ONE);
	seen->claims++;
	return seen->claims == seen->ends_at ? error_set(err, 500, "internal_error", "enough") : 0;
}

static struct seen walk(struct store *s, int expected, size_t ends_at)
{
	struct seen seen = {.ends_at = ends_at};
	struct error err;
	assert_int_equal(rescue_walk(&s->root, &s->walk, s->hash, count, &seen, &err), expected);
	return seen;
}

static void test_walk(void **state)
{
	struct store *s = *state;
	char path[300];
	struct bulk bulk;
	struct error err;
	assert_int_equal(walk(s, 0, 0).claims, 0);
	assert_int_equal(bulk_open(&bulk, &s->volume, &s->arena, &err), 0);
	for (int i = 0; i < 300; i++) {
		const char *url = arena_printf(&s->arena, "https://old/%d", i);
		const struct claim claim = {url, ONE, 0};
		enum rescue_outcome outcome;
		assert_int_equal(
			rescue_add(&bulk.root, &s->walk, s->hash, &claim, false, &outcome, &err),
			0);
		arena_reset(&s->walk);
	}
	assert_int_equal(bulk_sync(&bulk, &err), 0);
	assert_int_equal(walk(s, 0, 0).claims, 300);
	assert_int_equal(walk(s, -1, 17).claims, 17);
	/* What is damaged, what lies under the name of another, and what is no claim at all. */
	write_claim(s, "https://old/3", "");
	write_claim(s, "https://old/4", CLAIM("https://old/5", ONE, TIME));
	snprintf(path, sizeof path, "%s.tmp", claim_path(s, "https://old/5"));
	assert_int_equal(symlink("/etc/passwd", path), 0);
	char away[300];
	snprintf(away, sizeof away, "%s", claim_path(s, "https://old/6"));
	snprintf(path, sizeof path, "%s", away);
	*strrchr(path, '.') = '\0';
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(symlink(path, away), 0);
	struct seen seen = walk(s, 0, 0);
	assert_int_equal(seen.claims, 297);
	assert_int_equal(seen.damaged, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(test_longest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_planted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_walk, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
