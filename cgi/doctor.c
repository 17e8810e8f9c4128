/* cdnctl doctor: looks at every part a file passes through, and names the one that is wrong. */
#include "cgi/cdnctl.h"

int ctl_doctor(struct ctl *ctl, int argc, char **argv)
{
	(void)ctl;
	(void)argc;
	(void)argv;
	return CTL_FAILED;
}
