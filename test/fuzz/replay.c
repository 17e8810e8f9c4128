/* Runs a harness over every file of a corpus folder; fails when the folder holds none. */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *folder, const char *name)
{
	char path[4096];
	static uint8_t data[1 << 20];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return -1;
	}
	size_t n = fread(data, 1, sizeof data, f);
	fclose(f);
	/* A copy of the exact size, so that a read past the end is seen. */
	uint8_t *exact = malloc(n ? n : 1);
	memcpy(exact, data, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	int count = 0;
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	if (!dir) {
		fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 2;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] != '.') {
			if (replay(argv[1], entry->d_name) != 0) {
				return 1;
			}
			count++;
		}
	}
	closedir(dir);
	printf("%d inputs\n", count);
	return count ? 0 : 1;
}
