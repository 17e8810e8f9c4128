/* GET /openapi.json: this API as OpenAPI 3.1, built in from openapi.json beside this file. */
#include "app/inside.h"

extern const struct slice openapi_json;

int openapi_show(struct call *c, struct error *err)
{
	(void)err;
	reply_document(c, 200, openapi_json);
	return 0;
}
