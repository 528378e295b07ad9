// v4l2_control DEVICE NAME [VALUE]: sets a control of a video device by its name, such as "Test Pattern"; buttons take no
// VALUE. Without a NAME it lists the controls.
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    int device = open(argv[1], O_RDWR | O_CLOEXEC);
    if (device < 0) {
        perror(argv[1]);
        return 1;
    }
    struct v4l2_queryctrl query = {.id = V4L2_CTRL_FLAG_NEXT_CTRL};
    for (; ioctl(device, VIDIOC_QUERYCTRL, &query) == 0; query.id |= V4L2_CTRL_FLAG_NEXT_CTRL) {
        if (argc < 3) {
            printf("%s %d..%d\n", query.name, query.minimum, query.maximum);
        } else if (strcmp((char *)query.name, argv[2]) == 0) {
            struct v4l2_control control = {.id = query.id, .value = argc > 3 ? atoi(argv[3]) : 1};
            if (ioctl(device, VIDIOC_S_CTRL, &control) == 0) return 0;
            fprintf(stderr, "%s: cannot set \"%s\": %s\n", argv[1], argv[2], strerror(errno));
            return 1;
        }
    }
    if (argc > 2) fprintf(stderr, "%s has no control \"%s\"\n", argv[1], argv[2]);
    return argc > 2;
}
