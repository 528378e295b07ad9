// record EVENTS [COUNTS]: appends each line of standard input to the file EVENTS, with the monotonic time in seconds in
// front of it, and keeps in the file COUNTS how often vggcam has told so far of: a result, the loss of the camera, its
// return. Scripts wait by reading COUNTS.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// One write, so that a reader never sees half of the counts.
static void publish(int file, const unsigned long counts[3]) {
    char text[80];
    int length = snprintf(text, sizeof text, "%lu %lu %lu\n", counts[0], counts[1], counts[2]);
    if (pwrite(file, text, length, 0) != length) perror("record");
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    int events = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0644);
    int counts = argc > 2 ? open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;
    if (events < 0 || (argc > 2 && counts < 0)) {
        perror("record");
        return 1;
    }
    unsigned long seen[3] = {0};
    if (counts >= 0) publish(counts, seen);
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        line[strcspn(line, "\n")] = 0;
        dprintf(events, "%ld.%06ld %s\n", (long)now.tv_sec, now.tv_nsec / 1000, line);
        seen[0] += strstr(line, "\"label\":") != NULL;
        seen[1] += strstr(line, "\"state\":\"camera lost\"") != NULL;
        seen[2] += strstr(line, "\"state\":\"live\"") != NULL;
        if (counts >= 0) publish(counts, seen);
    }
    return 0;
}
