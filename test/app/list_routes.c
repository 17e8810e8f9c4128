/* Prints the route table for tests in Python: a line a method, with pattern, scope, body and effect. */
#include <stdio.h>

#include "app/route.h"

static const char *const kinds[] = {
	[BODY_UNREAD] = "unread",
	[BODY_MULTIPART] = "multipart",
	[BODY_FIELDS] = "fields",
	[BODY_RAW] = "raw",
};

int main(void)
{
	size_t count;
	const struct route *routes = route_table(&count);
	for (size_t i = 0; i < count; i++) {
		for (enum method m = METHOD_GET; m < METHOD_OTHER; m++) {
			if (routes[i].methods & 1u << m) {
				printf("%s %s %s %s %s %s\n", method_name(m), routes[i].pattern,
					routes[i].who == WHO_KEY ? "key" : "anyone",
					routes[i].scope ? scope_name(routes[i].scope) : "-",
					kinds[routes[i].body], routes[i].stores ? "stores" : "-");
			}
		}
	}
	return 0;
}
