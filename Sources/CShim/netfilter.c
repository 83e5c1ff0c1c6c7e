#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <stddef.h>
#include <sys/socket.h>

#include "martlet/netfilter.h"

enum { most_ports = 16, port_offset = 12 /* nlmsg_pid of struct nlmsghdr */ };

int martlet_netlink_ignore_ports(int descriptor, const uint32_t *ports, int count)
{
    struct sock_filter code[most_ports + 3];
    int length = 0;

    if (count < 0 || count > most_ports) {
        errno = EINVAL;
        return -1;
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, port_offset);
    for (int i = 0; i < count; i++) {
        /* The load turns the number round; a match jumps over what is left, to the last instruction. */
        code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(ports[i]), count - i, 0);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0xFFFFFFFF);
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = { .len = (unsigned short)length, .filter = code };
    return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}
