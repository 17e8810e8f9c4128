/* When each key was last used. */
#include "auth/usage.h"

/* Not only a time to come: the clock may have been set back. */
static bool pauses(const struct usage *usage, int64_t now_ms)
{
	int64_t since_ms = now_ms - usage->failed_ms;
	return since_ms < USAGE_PAUSE_MS && since_ms > -USAGE_PAUSE_MS;
}

int usage_note(struct usage *usage, struct redis *r, struct arena *a, const struct identity *who,
	int64_t now_ms, struct error *err)
{
	if (!key_use_is_due(&who->key, now_ms) || pauses(usage, now_ms)) {
		return 0;
	}
	if (key_note_use(r, a, who->key_digest, now_ms, err) != 0) {
		usage->failed_ms = now_ms;
		return -1;
	}
	return 0;
}
