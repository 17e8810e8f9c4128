/*
 * cgi/doctor.h - findings of the doctor: what is right, what is wrong, and the cure.
 */
#ifndef CGI_DOCTOR_H
#define CGI_DOCTOR_H

#include "cgi/cdnctl.h"

struct doctor {
	struct ctl *ctl;
	int wrong; /* how many findings need a cure */
};

/* "ok" and what was seen. */
void doctor_right(struct doctor *d, const char *what, const char *seen);

/* "WRONG", why, and what to do about it. */
void doctor_wrong(struct doctor *d, const char *what, const char *why, const char *cure);

/* "note": works, but somebody may want to know. */
void doctor_note(struct doctor *d, const char *what, const char *why, const char *cure);

/* The way of one small file through the web server at `url`, and back. */
void doctor_visit(struct doctor *d, const char *url);

#endif
