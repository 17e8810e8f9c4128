/* The yardstick of the bench: a FastCGI responder that reads nothing and answers {"ok":true}. */
#include <fcgiapp.h>

int main(void)
{
	FCGX_Request request;
	if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0) {
		return 1;
	}
	while (FCGX_Accept_r(&request) == 0) {
		FCGX_PutS("Status: 200 OK\r\n"
			  "Content-Type: application/json; charset=utf-8\r\n"
			  "Content-Length: 11\r\n\r\n"
			  "{\"ok\":true}",
			request.out);
		FCGX_Finish_r(&request);
	}
	return 0;
}
