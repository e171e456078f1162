/*
 * Small drivers after those that OTP's own test suites use, one for each -DWHICH.
 *
 * Each is compiled with -DNAME="\"suitequeue\"" and the like. Commands come by port_control; results are its answer,
 * messages to the owner, or lines in the file whose name is that of the shared object with ".log" at the end.
 */
#define _GNU_SOURCE
#include <erl_driver.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int log_fd = -1;

static void put_log(const char *format, ...)
{
    char line[1024];
    int n;
    va_list arguments;
    va_start(arguments, format);
    n = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (n > (int)sizeof line - 2) n = sizeof line - 2;
    line[n++] = '\n';
    if (log_fd >= 0 && write(log_fd, line, n) < 0) return;
}

typedef struct {
    ErlDrvPort port;
    ErlDrvTermData term;
    ErlDrvPDL pdl;
    int pipe[2];
    int way;
    int count;
    ErlDrvTid tid[8];
} state;

static void send_atom(state *s, const char *atom)
{
    ErlDrvTermData spec[2] = {ERL_DRV_ATOM, driver_mk_atom((char *)atom)};
    erl_drv_output_term(s->term, spec, 2);
}

static void send_counted(state *s, const char *atom, long n)
{
    ErlDrvTermData spec[6] = {ERL_DRV_ATOM, driver_mk_atom((char *)atom), ERL_DRV_INT, n, ERL_DRV_TUPLE, 2};
    erl_drv_output_term(s->term, spec, 6);
}

static ErlDrvData start(ErlDrvPort port, char *command)
{
    state *s = driver_alloc(sizeof *s);
    memset(s, 0, sizeof *s);
    s->port = port;
    s->term = driver_mk_port(port);
    s->pipe[0] = s->pipe[1] = -1;
    set_port_control_flags(port, 0);
    return (ErlDrvData)s;
}

#ifndef ONLY_START

static void stop(ErlDrvData data)
{
    state *s = (state *)data;
    put_log("stop %ld", (long)driver_sizeq(s->port));
    if (s->pipe[0] >= 0) driver_select(s->port, (ErlDrvEvent)(long)s->pipe[0], ERL_DRV_USE, 0);
    if (s->pipe[1] >= 0) driver_select(s->port, (ErlDrvEvent)(long)s->pipe[1], ERL_DRV_USE, 0);
#if WHICH != 6
    driver_free(s);
#endif
}

static void stop_select(ErlDrvEvent event, void *reserved) { (void)reserved; close((int)(long)event); }

/* ---- queue: every way to fill it, and the whole of it back ---- */

enum { PUSHQ = 1, ENQ, PUSHQ_BIN, ENQ_BIN, PUSHQV, ENQV, DEQ, BYTES, READ_HEAD };

static ErlDrvSSizeT queue_control(state *s, unsigned op, char *buf, ErlDrvSizeT len, char **rbuf)
{
    ErlIOVec ev;
    SysIOVec iov[2];
    ErlDrvBinary *binv[2] = {NULL, NULL};
    ErlDrvBinary *bin;
    ErlDrvSizeT n;
    int vlen, i, result;
    switch (op) {
    case PUSHQ: return sprintf(*rbuf, "%d", driver_pushq(s->port, buf, len));
    case ENQ: return sprintf(*rbuf, "%d", driver_enq(s->port, buf, len));
    case PUSHQ_BIN: case ENQ_BIN:
        bin = driver_alloc_binary(len + 2);
        memcpy(bin->orig_bytes + 1, buf, len);
        result = op == PUSHQ_BIN ? driver_pushq_bin(s->port, bin, 1, len) : driver_enq_bin(s->port, bin, 1, len);
        driver_free_binary(bin);
        return sprintf(*rbuf, "%d", result);
    case PUSHQV: case ENQV:
        /* The first half in a binary, and the second too: without one OTP's driver_pushqv goes wrong. */
        for (i = 0; i < 2; i++) {
            n = i ? len - len / 2 : len / 2;
            binv[i] = driver_alloc_binary(n);
            memcpy(binv[i]->orig_bytes, buf + (i ? len / 2 : 0), n);
            iov[i].iov_base = binv[i]->orig_bytes;
            iov[i].iov_len = n;
        }
        ev.vsize = 2; ev.size = len; ev.iov = iov; ev.binv = binv;
        result = op == PUSHQV ? driver_pushqv(s->port, &ev, 0) : driver_enqv(s->port, &ev, 0);
        driver_free_binary(binv[0]);
        driver_free_binary(binv[1]);
        return sprintf(*rbuf, "%d", result);
    case DEQ: return sprintf(*rbuf, "%ld", (long)driver_deq(s->port, atol(buf)));
    case BYTES: return sprintf(*rbuf, "%ld", (long)driver_sizeq(s->port));
    case READ_HEAD: {
        /* As many bytes as asked for, gathered over the elements. */
        SysIOVec *head = driver_peekq(s->port, &vlen);
        ErlDrvSizeT want = (ErlDrvSizeT)atol(buf), have = 0;
        char *out = driver_alloc(want + 1);
        for (i = 0; i < vlen && have < want; i++) {
            n = head[i].iov_len < want - have ? head[i].iov_len : want - have;
            memcpy(out + have, head[i].iov_base, n);
            have += n;
        }
        *rbuf = out;
        return (ErlDrvSSizeT)have;
    }
    }
    return -1;
}

/* ---- timers: measured, cancelled, delayed, changed ---- */

static ErlDrvSSizeT timer_control(state *s, unsigned op, char *buf, char **rbuf)
{
    unsigned long left = 0;
    switch (op) {
    case 1: return sprintf(*rbuf, "%d", driver_set_timer(s->port, strtoul(buf, NULL, 10)));
    case 2: driver_read_timer(s->port, &left); return sprintf(*rbuf, "%d", left > 0);
    case 3: return sprintf(*rbuf, "%d", driver_cancel_timer(s->port));
    case 4: driver_set_timer(s->port, 10); usleep(30000); driver_cancel_timer(s->port); return sprintf(*rbuf, "late");
    case 5: driver_set_timer(s->port, 100000); driver_set_timer(s->port, 5); return sprintf(*rbuf, "changed");
    }
    return -1;
}

/* ---- ends in ready_input or ready_output, and ways to end a port that flushes ---- */

static void make_pipe(state *s)
{
    if (pipe2(s->pipe, O_NONBLOCK | O_CLOEXEC)) s->pipe[0] = s->pipe[1] = -1;
}

static void end(state *s, int how)
{
    /* What s points to is freed by stop, which is called in between. */
    ErlDrvPort port = s->port;
    switch (how) {
    case 1: driver_failure_atom(port, "failure_atom"); break;
    case 2: driver_failure_posix(port, 5); break;
    case 3: driver_failure(port, 77); break;
    case 4: driver_failure_eof(port); break;
    case 5: driver_exit(port, 0); break;
    case 6: driver_exit(port, 5); break;
    }
    put_log("ended %d sizeq %ld select %d timer %d", how, (long)driver_sizeq(port),
            driver_select(port, (ErlDrvEvent)0L, ERL_DRV_READ, 1), driver_set_timer(port, 1));
}

static ErlDrvSSizeT exit_control(state *s, unsigned op, char *buf)
{
    s->way = atoi(buf);
    make_pipe(s);
    if (op == 1) {
        if (write(s->pipe[1], "x", 1) < 0) return -1;
        driver_select(s->port, (ErlDrvEvent)(long)s->pipe[0], ERL_DRV_READ | ERL_DRV_USE, 1);
    } else
        driver_select(s->port, (ErlDrvEvent)(long)s->pipe[1], ERL_DRV_WRITE | ERL_DRV_USE, 1);
    return 0;
}

enum { BY_INPUT = 1, BY_OUTPUT, BY_TIMEOUT, BY_ASYNC, BY_INPUT_ASYNC, BY_OUTPUT_ASYNC, BY_TIMEOUT_ASYNC, BY_PDL };

static void job(void *data) { (void)data; usleep(1000); }

static void async_deq(void *data)
{
    state *s = data;
    driver_pdl_lock(s->pdl);
    /* The last byte is left for ready_async. */
    put_log("async deq %ld", (long)driver_deq(s->port, 2));
    driver_pdl_unlock(s->pdl);
}

static void flush_step(state *s, const char *where)
{
    put_log("%s %ld", where, (long)driver_sizeq(s->port));
    if (s->way == BY_INPUT_ASYNC || s->way == BY_OUTPUT_ASYNC || s->way == BY_TIMEOUT_ASYNC) {
        s->way = BY_ASYNC;
        driver_async(s->port, NULL, job, s, NULL);
    } else
        driver_deq(s->port, driver_sizeq(s->port));
}

static ErlDrvSSizeT ioq_control(state *s, char *buf)
{
    s->way = atoi(buf);
    driver_enq(s->port, "abc", 3);
    make_pipe(s);
    if (s->way == BY_PDL) s->pdl = driver_pdl_create(s->port);
    return 0;
}

static void flush(ErlDrvData data)
{
    state *s = (state *)data;
    put_log("flush %ld", (long)driver_sizeq(s->port));
    switch (s->way) {
    case BY_INPUT: case BY_INPUT_ASYNC:
        if (write(s->pipe[1], "x", 1) < 0) return;
        driver_select(s->port, (ErlDrvEvent)(long)s->pipe[0], ERL_DRV_READ | ERL_DRV_USE, 1);
        break;
    case BY_OUTPUT: case BY_OUTPUT_ASYNC:
        driver_select(s->port, (ErlDrvEvent)(long)s->pipe[1], ERL_DRV_WRITE | ERL_DRV_USE, 1);
        break;
    case BY_TIMEOUT: case BY_TIMEOUT_ASYNC: driver_set_timer(s->port, 0); break;
    case BY_ASYNC: driver_async(s->port, NULL, job, s, NULL); break;
    case BY_PDL: driver_async(s->port, NULL, async_deq, s, NULL); break;
    }
}

/* ---- many events: as many pipes as fit ---- */

enum { PIPES = 200 };
static int many[PIPES][2];

static ErlDrvSSizeT many_control(state *s, unsigned op, char **rbuf)
{
    int i;
    if (op == 1) {
        for (i = 0; i < PIPES; i++) {
            if (pipe2(many[i], O_NONBLOCK | O_CLOEXEC)) return -1;
            if (write(many[i][1], "x", 1) != 1) return -1;
            driver_select(s->port, (ErlDrvEvent)(long)many[i][0], ERL_DRV_READ | ERL_DRV_USE, 1);
        }
    } else
        for (i = 0; i < PIPES; i++) {
            driver_select(s->port, (ErlDrvEvent)(long)many[i][0], ERL_DRV_USE, 0);
            close(many[i][1]);
        }
    return sprintf(*rbuf, "%d", s->count);
}

/* ---- peekq in a job whose port may be dead ---- */

static void peek_job(void *data)
{
    state *s = data;
    int vlen = 4711;
    SysIOVec *head;
    usleep(20000);
    driver_pdl_lock(s->pdl);
    head = driver_peekq(s->port, &vlen);
    put_log("peek %d %d size %ld", head == NULL, vlen, (long)driver_sizeq(s->port));
    driver_pdl_unlock(s->pdl);
}

static void peek_free(void *data) { (void)data; put_log("free"); }

/* ---- memory and messages from threads ---- */

static void *alloc_thread(void *data)
{
    state *s = data;
    int i;
    long sum = 0;
    for (i = 1; i <= 2000; i++) {
        char *m = driver_alloc(i);
        ErlDrvBinary *b = driver_alloc_binary(i);
        memset(m, 1, i);
        m = driver_realloc(m, i * 2);
        b = driver_realloc_binary(b, i * 2);
        memset(b->orig_bytes, 2, i * 2);
        sum += m[i - 1] + b->orig_bytes[i * 2 - 1];
        driver_free(m);
        if (i % 100 == 0) {
            ErlDrvTermData spec[] = {ERL_DRV_ATOM, driver_mk_atom("bin"), ERL_DRV_BINARY, (ErlDrvTermData)b, i, 0, ERL_DRV_TUPLE, 2};
            erl_drv_output_term(s->term, spec, sizeof spec / sizeof *spec);
        }
        driver_free_binary(b);
    }
    send_counted(s, "done", sum);
    return NULL;
}

static ErlDrvSSizeT thread_control(state *s, unsigned op, char **rbuf)
{
    int i;
    if (op == 1) {
        for (i = 0; i < 4; i++) erl_drv_thread_create("suite", &s->tid[i], alloc_thread, s, NULL);
    } else
        for (i = 0; i < 4; i++) erl_drv_thread_join(s->tid[i], NULL);
    return sprintf(*rbuf, "ok");
}

/* ---- jobs: order by key, a storm, and none lost when the port goes ---- */

static int ended;
typedef struct { state *s; int number; } numbered;

static void numbered_invoke(void *data) { (void)data; }
static void numbered_free(void *data)
{
    driver_free(data);
    if (__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST) == 1500) put_log("all jobs ended");
}

static ErlDrvSSizeT storm_control(state *s, unsigned op, char *buf, char **rbuf)
{
    int i, n = atoi(buf);
    unsigned key = driver_async_port_key(s->port);
    for (i = 0; i < n; i++) {
        numbered *data = driver_alloc(sizeof *data);
        data->s = s;
        data->number = op == 1 ? i : -1;
        driver_async(s->port, op == 1 ? &key : NULL, numbered_invoke, data, numbered_free);
    }
    return sprintf(*rbuf, "%d", n);
}

/* ---- the callbacks ---- */

static ErlDrvSSizeT control(ErlDrvData data, unsigned op, char *given, ErlDrvSizeT len, char **rbuf, ErlDrvSizeT rlen)
{
    state *s = (state *)data;
    char *buf = malloc(len + 1);
    ErlDrvSSizeT n = -1;
    (void)rlen;
    memcpy(buf, given, len);
    buf[len] = 0;
#if WHICH == 1
    n = queue_control(s, op, buf, len, rbuf);
#elif WHICH == 2
    n = timer_control(s, op, buf, rbuf);
#elif WHICH == 3
    n = exit_control(s, op, buf);
#elif WHICH == 4
    n = ioq_control(s, buf);
#elif WHICH == 5
    n = many_control(s, op, rbuf);
#elif WHICH == 6
    s->pdl = driver_pdl_create(s->port);
    driver_enq(s->port, buf, len);
    if (op == 1) driver_deq(s->port, len);
    n = sprintf(*rbuf, "%d", driver_async(s->port, NULL, peek_job, s, peek_free) > 0);
#elif WHICH == 7
    n = thread_control(s, op, rbuf);
#elif WHICH == 8
    n = storm_control(s, op, buf, rbuf);
#elif WHICH == 9
    /* Busy from outside; a command then waits or not. */
    if (op == 1) set_busy_port(s->port, atoi(buf));
    n = sprintf(*rbuf, "%d", s->count);
#endif
    free(buf);
    return n;
}

static void output(ErlDrvData data, char *buf, ErlDrvSizeT len)
{
    state *s = (state *)data;
    s->count++;
    put_log("output %.*s", (int)len, buf);
#if WHICH == 9
    /* Hard busy after every command, until somebody says otherwise. */
    set_busy_port(s->port, 1);
#endif
}

static void ready_input(ErlDrvData data, ErlDrvEvent event)
{
    state *s = (state *)data;
    char byte[8];
#if WHICH == 3
    end(s, s->way);
#elif WHICH == 4
    flush_step(s, "input");
    if (s->port) driver_select(s->port, event, ERL_DRV_READ, 0);
#else
    if (read((int)(long)event, byte, sizeof byte) == 1 && ++s->count == PIPES) send_counted(s, "all", s->count);
#endif
}

static void ready_output(ErlDrvData data, ErlDrvEvent event)
{
    state *s = (state *)data;
#if WHICH == 3
    end(s, s->way);
#else
    flush_step(s, "output");
    driver_select(s->port, event, ERL_DRV_WRITE, 0);
#endif
}

static void timeout(ErlDrvData data)
{
    state *s = (state *)data;
#if WHICH == 2
    send_atom(s, "timeout");
#else
    flush_step(s, "timeout");
#endif
}

static void ready_async(ErlDrvData data, ErlDrvThreadData payload)
{
    state *s = (state *)data;
#if WHICH == 8
    numbered *n = (numbered *)payload;
    if (n->number >= 0) {
        if (n->number != s->count) put_log("out of order %d %d", n->number, s->count);
        if (++s->count == 500) send_counted(s, "jobs", s->count);
    }
    numbered_free(n);
#elif WHICH == 6
    put_log("ready %ld", (long)driver_sizeq(s->port));
#else
    flush_step(s, "async");
#endif
}
#endif

static void finish(void) { put_log("finish"); close(log_fd); log_fd = -1; }

static ErlDrvEntry entry = {
    NULL, start,
#ifdef ONLY_START
    NULL, NULL, NULL, NULL, NAME, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
#else
    stop, output, ready_input, ready_output, NAME, finish, NULL, control, timeout, NULL, ready_async, flush, NULL, NULL,
#endif
    ERL_DRV_EXTENDED_MARKER, ERL_DRV_EXTENDED_MAJOR_VERSION, ERL_DRV_EXTENDED_MINOR_VERSION,
    FLAGS, NULL, NULL,
#ifdef ONLY_START
    NULL, NULL
#else
    stop_select, NULL
#endif
};

DRIVER_INIT(suite)
{
    Dl_info self;
    if (log_fd < 0 && dladdr(&entry, &self)) {
        char file[4200];
        snprintf(file, sizeof file, "%s.log", self.dli_fname);
        log_fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    return &entry;
}
