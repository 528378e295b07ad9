// usb_reset DEVICE: resets a USB device, such as /dev/bus/usb/001/002, as its driver or a program does that finds it stuck.
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    int device = open(argv[1], O_WRONLY);
    if (device < 0 || ioctl(device, USBDEVFS_RESET, 0)) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
