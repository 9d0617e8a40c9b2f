/* replay_main.c: runs a fuzz target over its corpus, without libFuzzer */
#include <dirent.h>
#include <sys/stat.h>
#include "fuzz.h"

/* Run one file. @return 0 when it cannot be read */
static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data;
    struct stat st;
    size_t len;

    if (!f || fstat(fileno(f), &st) != 0) {
        return 0;
    }
    /* Just the size, so that reading past the end shows. */
    data = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
    len = data ? fread(data, 1, (size_t)st.st_size, f) : 0;
    fclose(f);
    LLVMFuzzerTestOneInput(data, len);
    free(data);
    return 1;
}

/* Run the files of a folder. @return how many, or -1 */
static int run_folder(const char *dir)
{
    char path[4096];
    struct dirent *entry;
    DIR *d = opendir(dir);
    int n = 0;

    if (!d) {
        perror(dir);
        return -1;
    }
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (!run_file(path)) {
            perror(path);
            closedir(d);
            return -1;
        }
        n++;
    }
    closedir(d);
    return n;
}

/* The target's own corpus: corpus/json for a program named fuzz_json. */
static const char *find_corpus(const char *program)
{
    static char path[4096];
    const char *name = strstr(program, "fuzz_");
    const char *next;

    while (name && (next = strstr(name + 1, "fuzz_")) != NULL) {
        name = next;
    }
    snprintf(path, sizeof(path), "%s/%s", LLMGW_FUZZ_CORPUS,
             name ? name + strlen("fuzz_") : "");
    return path;
}

int main(int argc, char **argv)
{
    int i, n, sum = 0;

    for (i = 1; i < argc || (i == 1 && argc == 1); i++) {
        n = run_folder(argc == 1 ? find_corpus(argv[0]) : argv[i]);
        if (n < 0) {
            return EXIT_FAILURE;
        }
        sum += n;
    }
    printf("%d inputs replayed\n", sum);
    return sum ? EXIT_SUCCESS : EXIT_FAILURE;
}
