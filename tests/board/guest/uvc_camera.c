// uvc_camera WIDTH HEIGHT FPS YUYV_FILE MJPG_FILE COMMANDS
//
// A USB webcam in user space. It speaks USB/IP to the kernel's own vhci-hcd through a socket pair, so that the kernel's
// usbcore and uvcvideo see a high-speed webcam with one bulk endpoint, which gives the same picture again and again,
// uncompressed or as MJPG. It obeys the lines of COMMANDS, a FIFO:
//
//   plug, unplug     the cable
//   stall, resume    sends no data, though the bus is fine; sends again
//   halt N           answers N transfers of pictures with a USB error
//   truncate N       cuts off N frames in the middle
//   garbage N        sends N frames of noise
//   flag N           marks N frames as damaged, as a webcam does that has lost data
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_TRANSFER 16384
#define U16(x) (uint8_t)(x), (uint8_t)((x) >> 8)
#define U32(x) U16(x), U16((uint32_t)(x) >> 16)

enum { YUYV = 1, MJPG = 2 };  // the numbers of the formats in the descriptors

static int width, height, fps;
static struct { uint8_t *bytes; int length; } pictures[3];

// ---- what the camera says it is ------------------------------------------------------------------------------------

static const uint8_t device_descriptor[] = {18, 1, U16(0x200), 0xef, 2, 1, 64, U16(0x1d6b), U16(0x0102), U16(1), 1, 2, 0, 1};
static uint8_t configuration[512];
static int configuration_length;
// The stream's negotiated parameters: `probe[2]` is the format.
static uint8_t probe[26];

static void append(const uint8_t *bytes, int length) {
    memcpy(configuration + configuration_length, bytes, length);
    configuration_length += length;
}
#define APPEND(...) do { const uint8_t part[] = {__VA_ARGS__}; append(part, sizeof part); } while (0)

static void describe(void) {
    uint32_t interval = 10000000 / fps, frame = width * height * 2, rate = frame * 8 * fps;
    APPEND(9, 2, 0, 0, 2, 1, 0, 0x80, 250);
    APPEND(8, 0x0b, 0, 2, 0x0e, 3, 0, 0);
    APPEND(9, 4, 0, 0, 0, 0x0e, 1, 0, 0);  // video control
    APPEND(13, 0x24, 1, U16(0x100), U16(13 + 17 + 9), U32(48000000), 1, 1);
    APPEND(17, 0x24, 2, 1, U16(0x201), 0, 0, U16(0), U16(0), U16(0), 2, U16(0));  // camera
    APPEND(9, 0x24, 3, 2, U16(0x101), 0, 1, 0);                                  // output
    APPEND(9, 4, 1, 0, 1, 0x0e, 2, 0, 0);  // video streaming
    APPEND(15, 0x24, 1, 2, U16(15 + 27 + 30 + 11 + 30), 0x81, 0, 2, 0, 0, 0, 1, 0, 0);
    APPEND(27, 0x24, 4, YUYV, 1, 'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71, 16, 1, 0, 0, 0, 0);
    APPEND(30, 0x24, 5, 1, 0, U16(width), U16(height), U32(rate), U32(rate), U32(frame), U32(interval), 1, U32(interval));
    APPEND(11, 0x24, 6, MJPG, 1, 0, 1, 0, 0, 0, 0);
    APPEND(30, 0x24, 7, 1, 0, U16(width), U16(height), U32(rate), U32(rate), U32(frame), U32(interval), 1, U32(interval));
    APPEND(7, 5, 0x81, 2, U16(512), 0);
    configuration[2] = configuration_length;
    configuration[3] = configuration_length >> 8;
    const uint8_t parameters[26] = {0, 0, YUYV, 1, U32(interval), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, U32(frame), U32(MAX_TRANSFER)};
    memcpy(probe, parameters, sizeof probe);
}

// ---- USB/IP --------------------------------------------------------------------------------------------------------

enum { CMD_SUBMIT = 1, CMD_UNLINK, RET_SUBMIT, RET_UNLINK };

struct header {
    uint32_t command, sequence, device, direction, endpoint;
    union {
        struct { uint32_t flags, length, start, packets, interval; uint8_t setup[8]; } submit;
        struct { uint32_t sequence, padding[6]; } unlink;
        struct { uint32_t status, length, start, packets, errors, padding[2]; } answer;
    };
};
_Static_assert(sizeof(struct header) == 48, "USB/IP has headers of 48 bytes");

// The cable: a socket to the kernel, -1 while unplugged.
static int cable = -1;

static void unplug(void) {
    if (cable >= 0) close(cable);
    cable = -1;
}

static void plug(void) {
    int ends[2];
    if (cable >= 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return;
    char text[64];
    // Port 0, our end's descriptor, bus 1 device 2, high speed.
    int length = snprintf(text, sizeof text, "0 %d 65538 3", ends[1]);
    int attach = open("/sys/devices/platform/vhci_hcd.0/attach", O_WRONLY);
    // The port stays busy for a moment after unplugging.
    int tries = 500;
    while (write(attach, text, length) != length && --tries) usleep(10000);
    if (!tries) perror("attach");
    close(attach);
    close(ends[1]);
    cable = ends[0];
}

// Reads or writes all; where the kernel has hung up, the cable counts as unplugged.
static int transfer(ssize_t (*step)(int, void *, size_t), void *bytes, size_t length) {
    for (uint8_t *at = bytes; length && cable >= 0;) {
        ssize_t done = step(cable, at, length);
        if (done <= 0) unplug();
        else at += done, length -= done;
    }
    return cable >= 0;
}
static ssize_t write_some(int file, void *bytes, size_t length) { return send(file, bytes, length, MSG_NOSIGNAL); }

static void answer(uint32_t command, uint32_t sequence, int status, const uint8_t *data, int data_length, int length) {
    static uint8_t message[sizeof(struct header) + MAX_TRANSFER];
    struct header header = {.command = htonl(command), .sequence = sequence};
    header.answer.status = htonl(status);
    header.answer.length = htonl(length);
    memcpy(message, &header, sizeof header);
    if (data_length) memcpy(message + sizeof header, data, data_length);
    transfer(write_some, message, sizeof header + data_length);
}

// ---- requests on the control endpoint --------------------------------------------------------------------------------

static int string_descriptor(int index, uint8_t *out) {
    static const char *const names[] = {"", "vggcam", "virtual webcam"};
    if (index == 0) return memcpy(out, (uint8_t[]){4, 3, 9, 4}, 4), 4;
    if (index > 2) return -1;
    int length = 2 + 2 * strlen(names[index]);
    out[0] = length, out[1] = 3;
    for (int i = 2; i < length; i += 2) out[i] = names[index][i / 2 - 1], out[i + 1] = 0;
    return length;
}

// The answer to a request for data; -1 for a request that the camera does not know.
static int control_in(const uint8_t *setup, uint8_t *out) {
    enum { GET_STATUS = 0, GET_DESCRIPTOR = 6, GET_LEN = 0x85, GET_INFO = 0x86 };
    int type = setup[0], request = setup[1], index = setup[2], selector = setup[3];
    if (type == 0x80 && request == GET_DESCRIPTOR) {
        if (selector == 1) return memcpy(out, device_descriptor, 18), 18;
        if (selector == 2) return memcpy(out, configuration, configuration_length), configuration_length;
        if (selector == 3) return string_descriptor(index, out);
    } else if (request == GET_STATUS) {
        return memset(out, 0, 2), 2;
    } else if (type == 0xa1 && setup[4] == 1 && (selector == 1 || selector == 2)) {
        if (request == GET_LEN) return out[0] = sizeof probe, out[1] = 0, 2;
        if (request == GET_INFO) return out[0] = 3, 1;
        return memcpy(out, probe, sizeof probe), sizeof probe;
    }
    return -1;
}

static void control(const struct header *header, const uint8_t *data) {
    const uint8_t *setup = header->submit.setup;
    int wanted = setup[6] | setup[7] << 8;
    if (setup[0] & 0x80) {
        uint8_t out[sizeof configuration];
        int length = control_in(setup, out);
        if (length > wanted) length = wanted;
        if (length < 0) answer(RET_SUBMIT, header->sequence, -EPIPE, NULL, 0, 0);
        else answer(RET_SUBMIT, header->sequence, 0, out, length, length);
        return;
    }
    // SET_CUR of the stream's parameters: only the format is open to choice.
    if (setup[0] == 0x21 && setup[1] == 1 && setup[4] == 1 && wanted >= 8 && (data[2] == YUYV || data[2] == MJPG))
        probe[2] = data[2];
    answer(RET_SUBMIT, header->sequence, 0, NULL, 0, wanted);
}

// ---- pictures --------------------------------------------------------------------------------------------------------

static struct { uint32_t sequence; int length; } pending[256];  // transfers that wait for data
static int pending_count, sent, frame_toggle, stalled;
static int halts, truncations, garbages, flags;
static double due;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void forget(int index) {
    memmove(pending + index, pending + index + 1, (--pending_count - index) * sizeof *pending);
}

// Answers the oldest waiting transfer with the next piece of the frame.
static void send_piece(void) {
    enum { HEADER = 2, END_OF_FRAME = 2, ERROR = 0x40, END_OF_HEADER = 0x80 };
    if (halts > 0) {
        halts--;
        answer(RET_SUBMIT, pending[0].sequence, -EPIPE, NULL, 0, 0);
        forget(0);
        return;
    }
    static uint8_t piece[MAX_TRANSFER];
    const uint8_t *picture = pictures[probe[2]].bytes;
    int frame = pictures[probe[2]].length / (truncations > 0 ? 2 : 1);
    int room = (pending[0].length < MAX_TRANSFER ? pending[0].length : MAX_TRANSFER) - HEADER;
    int length = frame - sent < room ? frame - sent : room;
    piece[0] = HEADER;
    piece[1] = END_OF_HEADER | frame_toggle | (flags > 0 ? ERROR : 0);
    for (int i = 0; i < length; i++) piece[HEADER + i] = garbages > 0 ? rand() : picture[sent + i];
    sent += length;
    int complete = sent >= frame;
    if (complete) piece[1] |= END_OF_FRAME;
    answer(RET_SUBMIT, pending[0].sequence, 0, piece, HEADER + length, HEADER + length);
    forget(0);
    if (!complete) return;
    sent = 0;
    frame_toggle ^= 1;
    truncations -= truncations > 0;
    garbages -= garbages > 0;
    flags -= flags > 0;
    due += 1.0 / fps;
    if (due < now() - 0.05) due = now();
}

// ---- the main loop ---------------------------------------------------------------------------------------------------

static void serve(void) {
    static uint8_t data[65536];
    struct header header;
    if (!transfer((ssize_t(*)(int, void *, size_t))read, &header, sizeof header)) return;
    uint32_t command = ntohl(header.command);
    if (command == CMD_SUBMIT) {
        uint32_t length = ntohl(header.submit.length);
        int outwards = header.direction == 0;
        if (outwards && (length > sizeof data || !transfer((ssize_t(*)(int, void *, size_t))read, data, length))) return;
        if (header.endpoint == 0) {
            if (header.submit.setup[0] == 2) sent = 0;  // CLEAR_FEATURE of the endpoint: the stream begins
            control(&header, data);
        } else if (pending_count < 256) {
            pending[pending_count].sequence = header.sequence;
            pending[pending_count++].length = length;
        }
    } else if (command == CMD_UNLINK) {
        int found = 0;
        while (found < pending_count && pending[found].sequence != header.unlink.sequence) found++;
        int status = found < pending_count ? -ECONNRESET : 0;
        if (status) forget(found), sent = 0;
        answer(RET_UNLINK, header.sequence, status, NULL, 0, 0);
    }
}

static void obey(char *line) {
    char word[16] = "";
    int count = 0;
    sscanf(line, "%15s %d", word, &count);
    if (!strcmp(word, "plug")) pending_count = sent = 0, plug();
    else if (!strcmp(word, "unplug")) unplug();
    else if (!strcmp(word, "stall")) stalled = 1;
    else if (!strcmp(word, "resume")) stalled = 0;
    else if (!strcmp(word, "halt")) halts = count;
    else if (!strcmp(word, "truncate")) truncations = count;
    else if (!strcmp(word, "garbage")) garbages = count;
    else if (!strcmp(word, "flag")) flags = count;
    else fprintf(stderr, "uvc_camera: no command %s\n", word);
}

static void load(int format, const char *path) {
    int file = open(path, O_RDONLY);
    pictures[format].bytes = malloc(8 << 20);
    pictures[format].length = read(file, pictures[format].bytes, 8 << 20);
    if (pictures[format].length <= 0) perror(path), exit(1);
    close(file);
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    width = atoi(argv[1]), height = atoi(argv[2]), fps = atoi(argv[3]);
    load(YUYV, argv[4]);
    load(MJPG, argv[5]);
    describe();
    int commands = open(argv[6], O_RDWR);  // for both, so that it never ends while nobody writes
    if (commands < 0) return perror(argv[6]), 1;
    plug();
    for (;;) {
        int sending = pending_count && !stalled && cable >= 0;
        double wait = due - now();
        struct pollfd ready[2] = {{.fd = commands, .events = POLLIN}, {.fd = cable, .events = POLLIN}};
        poll(ready, 2, sending ? (wait > 0 ? wait * 1000 + 1 : 0) : -1);
        if (ready[0].revents) {
            char lines[256], *rest = lines, *line;
            ssize_t length = read(commands, lines, sizeof lines - 1);
            lines[length > 0 ? length : 0] = 0;
            while ((line = strsep(&rest, "\n"))) if (*line) obey(line);
        } else if (ready[1].revents) {
            serve();
        } else if (sending && now() >= due) {
            send_piece();
        }
    }
}
