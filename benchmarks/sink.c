/* An SMTP server that takes every message and keeps none: fast enough not to be what a benchmark measures.
 *
 * One thread, one epoll, loopback only, Linux. Usage: sink [KEYWORD...]
 * The keywords are what EHLO offers, such as PIPELINING and CHUNKING. It listens on a free port, prints the
 * number, and serves until its standard input ends; then it prints how many messages it took.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COMMANDS, BODY, CHUNK };
enum { LINE = 4096, REPLIES = 65536, BLOCK = 1 << 18 };

struct session {
    int fd, state;
    int last;            /* the chunk under way is BDAT ... LAST */
    size_t left;         /* octets of it still to come */
    char tail[4];        /* the last octets of a body so far, in which the final dot may begin */
    char line[LINE];
    size_t line_length;
    char replies[REPLIES];
    size_t replies_length;
    int leaving;
};

static const char END[] = "\r\n.\r\n";
static char hello[1024];
static unsigned long messages;

static void say(struct session *s, const char *reply) {
    size_t length = strlen(reply);
    if (s->replies_length + length > REPLIES) {
        s->leaving = 1; /* a client that never reads */
        return;
    }
    memcpy(s->replies + s->replies_length, reply, length);
    s->replies_length += length;
}

static void take(struct session *s) {
    messages++;
    s->state = COMMANDS;
    say(s, "250 2.0.0 Ok\r\n");
}

static int verb(const char *line, const char *name) { return strncasecmp(line, name, strlen(name)) == 0; }

static void obey(struct session *s, char *line) {
    if (verb(line, "EHLO")) say(s, hello);
    else if (verb(line, "MAIL")) say(s, "250 2.1.0 Ok\r\n");
    else if (verb(line, "RCPT")) say(s, "250 2.1.5 Ok\r\n");
    else if (verb(line, "DATA")) {
        say(s, "354 Go on\r\n");
        s->state = BODY;
        memcpy(s->tail, "xx\r\n", 4); /* a body may be nothing but the final dot */
    } else if (verb(line, "BDAT")) {
        char *rest;
        s->left = strtoul(line + 4, &rest, 10);
        s->last = strcasestr(rest, "LAST") != NULL;
        s->state = CHUNK;
    } else if (verb(line, "QUIT")) {
        say(s, "221 2.0.0 Bye\r\n");
        s->leaving = 1;
    } else say(s, "250 2.0.0 Ok\r\n");
}

/* Each of these eats from the front of `octets` and returns how many; they may change the state. */

static size_t eat_chunk(struct session *s, size_t length) {
    size_t eaten = length < s->left ? length : s->left;
    s->left -= eaten;
    if (s->left == 0) {
        if (s->last) take(s);
        else say(s, "250 2.0.0 Ok\r\n");
        s->state = COMMANDS;
    }
    return eaten;
}

static size_t eat_body(struct session *s, const char *octets, size_t length) {
    char seam[8]; /* the end of what came before, and the beginning of what comes now */
    size_t fresh = length < 4 ? length : 4;
    memcpy(seam, s->tail, 4);
    memcpy(seam + 4, octets, fresh);
    char *end = memmem(seam, 4 + fresh, END, 5);
    if (end != NULL) {
        take(s);
        return end + 5 - (seam + 4);
    }
    end = memmem(octets, length, END, 5);
    if (end != NULL) {
        take(s);
        return end + 5 - octets;
    }
    if (length >= 4) memcpy(s->tail, octets + length - 4, 4);
    else memcpy(s->tail, seam + fresh, 4);
    return length;
}

static size_t eat_command(struct session *s, const char *octets, size_t length) {
    const char *feed = memchr(octets, '\n', length);
    size_t eaten = feed ? (size_t)(feed - octets) + 1 : length;
    if (s->line_length + eaten >= LINE) {
        s->leaving = 1;
        return length;
    }
    memcpy(s->line + s->line_length, octets, eaten);
    s->line_length += eaten;
    if (feed) {
        s->line[s->line_length] = 0;
        s->line_length = 0;
        obey(s, s->line);
    }
    return eaten;
}

static void eat(struct session *s, const char *octets, size_t length) {
    while (length > 0 && !s->leaving) {
        size_t eaten = s->state == CHUNK  ? eat_chunk(s, length)
                       : s->state == BODY ? eat_body(s, octets, length)
                                          : eat_command(s, octets, length);
        octets += eaten;
        length -= eaten;
    }
}

static void greet(int poll, int listener) {
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct session *s = calloc(1, sizeof *s);
    s->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    if (write(fd, "220 sink ESMTP\r\n", 16) < 0) s->leaving = 1;
}

static void serve(struct session *s) {
    static char octets[BLOCK];
    ssize_t length = recv(s->fd, octets, sizeof octets, 0);
    if (length > 0) eat(s, octets, length);
    else if (length == 0 || errno != EAGAIN) s->leaving = 1;
    if (s->replies_length > 0 && send(s->fd, s->replies, s->replies_length, MSG_NOSIGNAL) < 0) s->leaving = 1;
    s->replies_length = 0;
    if (s->leaving) {
        close(s->fd);
        free(s);
    }
}

int main(int count, char **keywords) {
    strcpy(hello, "250-sink\r\n");
    for (int i = 1; i < count; i++)
        snprintf(hello + strlen(hello), sizeof hello - strlen(hello), "250-%s\r\n", keywords[i]);
    snprintf(hello + strlen(hello), sizeof hello - strlen(hello), "250 SIZE\r\n");

    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1024)) return perror("sink"), 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener};
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    event.data.ptr = NULL; /* standard input: its end is ours */
    epoll_ctl(poll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == NULL) return printf("%lu\n", messages), 0;
            if (events[i].data.ptr == &listener) greet(poll, listener);
            else serve(events[i].data.ptr);
        }
    }
}
