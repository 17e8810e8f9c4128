/*
 * cgi/doctor_visit.h - the rounds of the doctor's visit: requests through the web server, and what is
 * wrong with their answers.
 *
 * Owns:      everything is in the arena of d->ctl
 * Errors:    a finding each, told at once (cgi/doctor.h); true where the visit may go on
 */
#ifndef CGI_DOCTOR_VISIT_H
#define CGI_DOCTOR_VISIT_H

#include "cgi/doctor.h"
#include "fetch/exchange.h"

struct visit {
	struct doctor *d;
	const char *url;    /* of the service, without a slash at the end */
	const char *email;  /* of the visit's own account */
	const char *bearer; /* "Authorization: Bearer sk_cdn_..." */
	const char *id, *file_url;
};

/* The picture that goes up and comes back. */
struct slice visit_picture(void);

/* A request of the API, with the visit's key in headers[0]; `path` is below v->url. NULL: no memory. */
struct exchange *visit_ask(struct visit *v, const char *method, const char *path);

/* A GET of any address, without the key, which must not go where files are or a setting points. */
struct exchange *visit_get(struct visit *v, const char *url);

/*
 * Run it. False, with a finding about `hop`, when there was no answer at all; the cure is that of a web
 * server that is not there, or the caller's.
 */
bool visit_answered(struct visit *v, struct exchange *x, const char *hop);
bool visit_answered_or(struct visit *v, struct exchange *x, const char *hop, const char *cure);

/* "answers 413: ..." with the beginning of the body. */
const char *visit_status(struct visit *v, const struct exchange *x);

/*
 * The picture at its public URL, which is the static lane's, and under a name that is the worker's:
 * bytes, headers, a range, a condition.
 */
void visit_files(struct visit *v);

/* The upload of the picture; fills in id and file_url. False when it was not stored. */
bool visit_upload(struct visit *v);

/* An upload larger than web servers take that were not told of it, as a form and by PUT. */
void visit_large_uploads(struct visit *v);

#endif
