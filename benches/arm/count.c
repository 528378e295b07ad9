// A plugin for QEMU 7.2 (plugin interface 1): counts the instructions that a program executes, by function.
//
// The declarations are those of qemu-plugin.h, which Debian does not ship. Counts are added up inline, so they are exact for
// one thread only.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void *), void *);
int qemu_plugin_version = 1;

// Parts of the names of functions that are counted by themselves. The first that a name holds counts.
static const struct {
    const char *name, *parts[2];
} functions[] = {
    {"direct", {"7kernels", "3dot"}},
    {"product", {"7kernels", "7product"}},
    {"direct output", {"7kernels", "13direct_output"}},
    {"input transform", {"7kernels", "input"}},
    {"weight transform", {"7kernels", "weights"}},
    {"output transform", {"7kernels", "output"}},
    {"dense", {"7kernels", "5dense"}},
};
enum { KNOWN = sizeof functions / sizeof *functions };
static uint64_t counts[KNOWN + 1];

static int function_of(const char *symbol) {
    int i = 0;
    for (; symbol && i < KNOWN; i++)
        if (strstr(symbol, functions[i].parts[0]) && strstr(symbol, functions[i].parts[1]))
            break;
    return symbol ? i : KNOWN;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    size_t length = qemu_plugin_tb_n_insns(block);
    int function = function_of(qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(block, 0)));
    qemu_plugin_register_vcpu_tb_exec_inline(block, 0, &counts[function], length);
}

static void at_exit(qemu_plugin_id_t id, void *nothing) {
    for (int i = 0; i <= KNOWN; i++)
        fprintf(stderr, "count\t%s\t%llu\n", i < KNOWN ? functions[i].name : "everything else", (unsigned long long)counts[i]);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count, char **arguments) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
