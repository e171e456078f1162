/*
 * A driver that does what it is told: scripts come by port_control, port_command and the open command.
 *
 * A script is a list of statements separated by ';'. Each statement is words separated by spaces. What each statement
 * returns is appended to the answer of port_control. "on CALLBACK a, b" keeps the script "a; b" for a callback.
 * Callbacks write lines to the file whose name is that of the shared object with ".log" at the end.
 *
 * Compile with -DNAME="\"swiss\"" -DFLAGS=0 and the switches that the variants below name.
 */
#define _GNU_SOURCE
#include <erl_driver.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#ifndef NAME
#define NAME "swiss"
#endif
#ifndef FLAGS
#define FLAGS 0
#endif

enum { ON_TIMEOUT, ON_READY_INPUT, ON_READY_OUTPUT, ON_READY_ASYNC, ON_FLUSH, ON_STOP, ON_PROCESS_EXIT, ON_OUTPUT, ON_CALL, ON_COUNT };
static const char *on_names[ON_COUNT] = {"timeout", "ready_input", "ready_output", "ready_async", "flush", "stop", "process_exit", "output", "call"};

typedef struct state {
    ErlDrvPort port;
    char *on[ON_COUNT];
    int fds[8];
    ErlDrvMonitor monitors[4];
    ErlDrvPDL pdl;
    ErlDrvBinary *bin;
    ErlDrvTermData saved_port, saved_caller;
    ErlDrvPort child;
    ErlDrvTid tid;
    int reply_kind, reply_n;
    int call_kind, call_n;
    ErlDrvMonitor *firing;
    char *answer;
} state;

enum { REPLY_TEXT, REPLY_BUF, REPLY_NULL, REPLY_ALLOC, REPLY_BIN, REPLY_BINKEEP, REPLY_NEG };
enum { CALL_ECHO, CALL_ZERO, CALL_NEG, CALL_ONE, CALL_MARK, CALL_SHORT, CALL_LONGER, CALL_KEEP, CALL_ALLOC, CALL_UTF8ATOM, CALL_OLDATOM, CALL_COMPRESSED };

static int log_fd = -1;
/* The shared object's own name. */
static char own_path[4096];
static long start_result;
static int start_result_set;
static int start_errno;
static ErlDrvEntry other_entry;

static void put_log(const char *format, ...)
{
    char line[1024];
    int n;
    va_list arguments;
    if (log_fd < 0) return;
    va_start(arguments, format);
    n = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (n > (int)sizeof line - 2) n = sizeof line - 2;
    line[n++] = '\n';
    if (write(log_fd, line, n) < 0) return;
}

/* A file beside ours: tests and drivers tell each other by it that they are there. */
static void mark(const char *name)
{
    char file[4200];
    int fd;
    snprintf(file, sizeof file, "%s.%s", own_path, name);
    fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
}

static int await_mark(const char *name)
{
    char file[4200];
    int tries;
    snprintf(file, sizeof file, "%s.%s", own_path, name);
    for (tries = 0; tries < 5000; tries++) {
        if (!access(file, F_OK)) return 1;
        usleep(1000);
    }
    return 0;
}

/* ---- terms ---------------------------------------------------------------------------------------------------- */

static char *word(char **rest)
{
    char *s = *rest, *w;
    while (*s == ' ') s++;
    if (!*s) { *rest = s; return NULL; }
    w = s;
    while (*s && *s != ' ') s++;
    if (*s) *s++ = 0;
    *rest = s;
    return w;
}

static long number(char **rest, long missing)
{
    char *w = word(rest);
    return w ? strtol(w, NULL, 0) : missing;
}

/* "_" is the empty text; "%41" is a byte. */
static size_t text(const char *w, char *out)
{
    size_t n = 0;
    if (!w || !strcmp(w, "_")) { out[0] = 0; return 0; }
    while (*w) {
        unsigned byte;
        if (*w == '%' && sscanf(w + 1, "%2x", &byte) == 1) { out[n++] = (char)byte; w += 3; }
        else out[n++] = *w++;
    }
    out[n] = 0;
    return n;
}

static int send_program(state *s, char *rest, int how)
{
    static __thread char pool[65536];
    static __thread ErlDrvSInt64 ints[64];
    static __thread ErlDrvUInt64 uints[64];
    static __thread double doubles[64];
    ErlDrvTermData spec[1024], to = s->saved_caller;
    ErlDrvBinary *bins[16];
    size_t used = 0;
    int n = 0, k = 0, b = 0, i, result;
    char *w;
    while ((w = word(&rest)) && n < 1000) {
        if (!strcmp(w, "nil")) spec[n++] = ERL_DRV_NIL;
        else if (!strcmp(w, "atom")) { text(word(&rest), pool + used); spec[n++] = ERL_DRV_ATOM; spec[n++] = driver_mk_atom(pool + used); }
        else if (!strcmp(w, "badatom")) { spec[n++] = ERL_DRV_ATOM; spec[n++] = 12345; }
        else if (!strcmp(w, "port")) { spec[n++] = ERL_DRV_PORT; spec[n++] = s->saved_port; }
        else if (!strcmp(w, "badport")) { spec[n++] = ERL_DRV_PORT; spec[n++] = driver_mk_atom("x"); }
        else if (!strcmp(w, "badpid")) { spec[n++] = ERL_DRV_PID; spec[n++] = s->saved_port; }
        else if (!strcmp(w, "owner")) { spec[n++] = ERL_DRV_PID; spec[n++] = driver_connected(s->port); }
        else if (!strcmp(w, "caller")) { spec[n++] = ERL_DRV_PID; spec[n++] = s->saved_caller; }
        else if (!strcmp(w, "int")) { spec[n++] = ERL_DRV_INT; spec[n++] = (ErlDrvTermData)strtol(word(&rest), NULL, 0); }
        else if (!strcmp(w, "intnoarg")) spec[n++] = ERL_DRV_INT;
        else if (!strcmp(w, "uint")) { spec[n++] = ERL_DRV_UINT; spec[n++] = strtoul(word(&rest), NULL, 0); }
        else if (!strcmp(w, "int64")) { ints[k] = strtol(word(&rest), NULL, 0); spec[n++] = ERL_DRV_INT64; spec[n++] = (ErlDrvTermData)&ints[k++]; }
        else if (!strcmp(w, "uint64")) { uints[k] = strtoul(word(&rest), NULL, 0); spec[n++] = ERL_DRV_UINT64; spec[n++] = (ErlDrvTermData)&uints[k++]; }
        else if (!strcmp(w, "float")) { doubles[k] = strtod(word(&rest), NULL); spec[n++] = ERL_DRV_FLOAT; spec[n++] = (ErlDrvTermData)&doubles[k++]; }
        else if (!strcmp(w, "string") || !strcmp(w, "cons") || !strcmp(w, "buf") || !strcmp(w, "ext")) {
            size_t len = text(word(&rest), pool + used);
            spec[n++] = *w == 's' ? ERL_DRV_STRING : *w == 'c' ? ERL_DRV_STRING_CONS : *w == 'b' ? ERL_DRV_BUF2BINARY : ERL_DRV_EXT2TERM;
            spec[n++] = (ErlDrvTermData)(pool + used);
            spec[n++] = len;
            used += len + 1;
        }
        else if (!strcmp(w, "stringnull")) { spec[n++] = ERL_DRV_STRING; spec[n++] = 0; spec[n++] = 0; }
        else if (!strcmp(w, "bufnull")) { spec[n++] = ERL_DRV_BUF2BINARY; spec[n++] = 0; spec[n++] = number(&rest, 0); }
        else if (!strcmp(w, "bin")) {
            long size = number(&rest, 0), len = number(&rest, 0), offset = number(&rest, 0);
            bins[b] = driver_alloc_binary(size);
            memset(bins[b]->orig_bytes, 'b', size);
            spec[n++] = ERL_DRV_BINARY; spec[n++] = (ErlDrvTermData)bins[b++]; spec[n++] = len; spec[n++] = offset;
        }
        else if (!strcmp(w, "binnull")) { spec[n++] = ERL_DRV_BINARY; spec[n++] = 0; spec[n++] = 0; spec[n++] = 0; }
        else if (!strcmp(w, "tuple")) { spec[n++] = ERL_DRV_TUPLE; spec[n++] = number(&rest, 0); }
        else if (!strcmp(w, "list")) { spec[n++] = ERL_DRV_LIST; spec[n++] = number(&rest, 0); }
        else if (!strcmp(w, "map")) { spec[n++] = ERL_DRV_MAP; spec[n++] = number(&rest, 0); }
        else if (!strcmp(w, "keys")) { long j, m = number(&rest, 0); for (j = 0; j < m; j++) { spec[n++] = ERL_DRV_INT; spec[n++] = j; spec[n++] = ERL_DRV_NIL; } }
        else if (!strcmp(w, "toatom")) to = driver_mk_atom("x");
        else if (!strcmp(w, "toowner")) to = driver_connected(s->port);
        else if (!strcmp(w, "raw")) spec[n++] = number(&rest, 0);
        else return -99;
    }
    switch (how) {
    case 0: result = erl_drv_output_term(s->saved_port, n ? spec : NULL, n); break;
    case 1: result = erl_drv_send_term(s->saved_port, to, spec, n); break;
    case 2: result = driver_output_term(s->port, spec, n); break;
    case 3: result = driver_send_term(s->port, to, spec, n); break;
    default: result = erl_drv_output_term(driver_mk_atom("noport"), spec, n); break;
    }
    for (i = 0; i < b; i++) {
        if (how == 0 && b == 1) result = result * 10 + (int)driver_binary_get_refc(bins[i]);
        driver_free_binary(bins[i]);
    }
    return result;
}

/* ---- vectors -------------------------------------------------------------------------------------------------- */

typedef struct { ErlIOVec ev; SysIOVec iov[40]; ErlDrvBinary *binv[40]; } vector;

/* "x" is a text in a binary, ":x" a text without one, "#N" a binary of N bytes. */
static void make_vector(vector *v, char *rest)
{
    static __thread char pool[4096];
    size_t used = 0;
    char *w;
    int n = 0;
    v->ev.size = 0;
    while ((w = word(&rest))) {
        if (*w == ':') {
            size_t len = text(w + 1, pool + used);
            v->iov[n].iov_base = pool + used; v->iov[n].iov_len = len; v->binv[n] = NULL;
            used += len + 1;
        } else {
            char bytes[256];
            size_t len;
            ErlDrvBinary *b;
            if (*w == '#') { len = strtol(w + 1, NULL, 0); b = driver_alloc_binary(len); memset(b->orig_bytes, 'v', len); }
            else { len = text(w, bytes); b = driver_alloc_binary(len); memcpy(b->orig_bytes, bytes, len); }
            v->iov[n].iov_base = b->orig_bytes; v->iov[n].iov_len = len; v->binv[n] = b;
        }
        v->ev.size += v->iov[n++].iov_len;
    }
    v->ev.vsize = n; v->ev.iov = v->iov; v->ev.binv = v->binv;
}

static int free_vector(vector *v, char *refcs)
{
    int i;
    for (i = 0; i < v->ev.vsize; i++) {
        if (v->binv[i]) { refcs += sprintf(refcs, ",%ld", (long)driver_binary_get_refc(v->binv[i])); driver_free_binary(v->binv[i]); }
    }
    return 0;
}

static void show_iov(char *out, SysIOVec *iov, int n)
{
    int i;
    for (i = 0; i < n; i++) out += sprintf(out, "[%.*s]", (int)iov[i].iov_len, (char *)iov[i].iov_base);
    *out = 0;
}

/* ---- threads and jobs ----------------------------------------------------------------------------------------- */

typedef struct { state *s; ErlDrvTermData port; char name[32]; char script[256]; } job;

static void job_invoke(void *data)
{
    job *j = data;
    char script[256], *rest = script, *w;
    strcpy(script, j->script);
    put_log("invoke %s", j->name);
    while ((w = word(&rest))) {
        if (!strcmp(w, "sleep")) usleep(1000 * number(&rest, 0));
        else if (!strcmp(w, "await")) await_mark(word(&rest));
        else if (!strcmp(w, "where")) {
            char thread[32] = "";
            pthread_getname_np(pthread_self(), thread, sizeof thread);
            put_log("invoke %s where %s", j->name, thread);
        }
        else if (!strcmp(w, "term")) {
            ErlDrvTermData spec[2] = {ERL_DRV_ATOM, driver_mk_atom(j->name)};
            put_log("invoke %s term %d", j->name, erl_drv_output_term(j->port, spec, 2));
        }
        else if (!strcmp(w, "mono")) put_log("invoke %s mono %d", j->name, erl_drv_monotonic_time(ERL_DRV_MSEC) == ERL_DRV_TIME_ERROR);
    }
}

static void job_free(void *data)
{
    job *j = data;
    put_log("async_free %s", j->name);
    driver_free(j);
}

static void *thread_body(void *data)
{
    job *j = data;
    ErlDrvTermData spec[2] = {ERL_DRV_ATOM, driver_mk_atom(j->name)};
    int sent = erl_drv_output_term(j->port, spec, 2);
    long result = sent == 1 ? 5 : 6;
    put_log("thread %d mono %d name %s", sent, erl_drv_monotonic_time(ERL_DRV_MSEC) == ERL_DRV_TIME_ERROR, erl_drv_thread_name(erl_drv_thread_self()));
    if (!strcmp(j->script, "exit")) erl_drv_thread_exit((void *)77);
    if (!strcmp(j->script, "enq")) {
        driver_pdl_lock(j->s->pdl);
        result = driver_enq(j->s->port, "threads", 7);
        driver_pdl_unlock(j->s->pdl);
    }
    return (void *)result;
}

static void locks(char *out)
{
    ErlDrvMutex *m = erl_drv_mutex_create("m");
    ErlDrvRWLock *r = erl_drv_rwlock_create(NULL);
    ErlDrvCond *c = erl_drv_cond_create("c");
    ErlDrvTSDKey k1, k2, k3;
    out += sprintf(out, "%d ", erl_drv_mutex_trylock(m));
    out += sprintf(out, "%d ", erl_drv_mutex_trylock(m));
    erl_drv_mutex_unlock(m);
    erl_drv_mutex_lock(m); erl_drv_mutex_unlock(m);
    out += sprintf(out, "%s %s %s ", erl_drv_mutex_name(m), erl_drv_rwlock_name(r), erl_drv_cond_name(c));
    erl_drv_rwlock_rlock(r);
    out += sprintf(out, "%d ", erl_drv_rwlock_tryrlock(r)); erl_drv_rwlock_runlock(r);
    out += sprintf(out, "%d ", erl_drv_rwlock_tryrwlock(r)); erl_drv_rwlock_runlock(r);
    erl_drv_rwlock_rwlock(r);
    out += sprintf(out, "%d ", erl_drv_rwlock_tryrlock(r)); erl_drv_rwlock_rwunlock(r);
    erl_drv_cond_signal(c); erl_drv_cond_broadcast(c);
    erl_drv_mutex_destroy(m); erl_drv_rwlock_destroy(r); erl_drv_cond_destroy(c);
    erl_drv_tsd_key_create("a", &k1); erl_drv_tsd_key_create("b", &k2);
    out += sprintf(out, "%d ", erl_drv_tsd_get(k1) == NULL);
    erl_drv_tsd_set(k1, (void *)11); erl_drv_tsd_set(k2, (void *)22);
    out += sprintf(out, "%ld %ld ", (long)erl_drv_tsd_get(k1), (long)erl_drv_tsd_get(k2));
    erl_drv_tsd_set(k1, NULL);
    erl_drv_tsd_key_destroy(k1); erl_drv_tsd_key_create("c", &k3);
    sprintf(out, "%d", k1 == k3);
    erl_drv_tsd_set(k2, NULL);
    erl_drv_tsd_key_destroy(k2); erl_drv_tsd_key_destroy(k3);
}

static struct { ErlDrvMutex *mutex; ErlDrvCond *cond; int flag; } meeting;

static void *meet(void *data)
{
    (void)data;
    erl_drv_mutex_lock(meeting.mutex);
    meeting.flag = 1;
    erl_drv_cond_signal(meeting.cond);
    erl_drv_mutex_unlock(meeting.mutex);
    return NULL;
}

static void cond_wait(char *out)
{
    ErlDrvTid tid;
    meeting.mutex = erl_drv_mutex_create(NULL);
    meeting.cond = erl_drv_cond_create(NULL);
    meeting.flag = 0;
    erl_drv_mutex_lock(meeting.mutex);
    erl_drv_thread_create(NULL, &tid, meet, NULL, NULL);
    while (!meeting.flag) erl_drv_cond_wait(meeting.cond, meeting.mutex);
    erl_drv_mutex_unlock(meeting.mutex);
    sprintf(out, "%d %d", meeting.flag, erl_drv_thread_join(tid, NULL));
    erl_drv_cond_destroy(meeting.cond);
    erl_drv_mutex_destroy(meeting.mutex);
}

/* ---- statements ----------------------------------------------------------------------------------------------- */

/* Of the newest "pipe" of any port. */
static int newest_fds[2];

static int fd_of(state *s, char *w)
{
    return *w == 'f' ? s->fds[atoi(w + 1)] : *w == 'g' ? newest_fds[atoi(w + 1)] : atoi(w);
}

static const char *who(state *s, ErlDrvTermData pid)
{
    return pid == driver_term_nil ? "nil" : pid == driver_connected(s->port) ? "owner" : "other";
}

static void run(state *s, const char *script, char *out);

static void statement(state *s, char *rest, char *out)
{
    char *w = word(&rest);
    char a[65536], b[4096];
    ErlDrvPort p = s->port;
    long n;
    int vlen;
    out[0] = 0;
    if (!w) return;
#define IS(name) (!strcmp(w, name))
    if (IS("on")) {
        int i;
        char *name = word(&rest), *c;
        for (i = 0; i < ON_COUNT; i++)
            if (!strcmp(on_names[i], name)) {
                free(s->on[i]);
                s->on[i] = strdup(rest);
                for (c = s->on[i]; *c; c++) if (*c == ',') *c = ';';
            }
        return;
    }
    if (IS("ret")) { start_result = number(&rest, 0); start_result_set = 1; start_errno = number(&rest, 0); return; }
    if (IS("sleep")) { usleep(1000 * number(&rest, 0)); return; }
    if (IS("await")) { sprintf(out, "%d", await_mark(word(&rest))); return; }
    if (IS("mark")) { mark(word(&rest)); return; }
    if (IS("note")) { put_log("note %s", rest); return; }
    if (IS("bad")) { s->port = (ErlDrvPort)-1L; return; }
    if (IS("child")) { ErlDrvPort own = s->port; s->port = s->child; run(s, rest, out); s->port = own; return; }

    if (IS("out")) { n = text(word(&rest), a); sprintf(out, "%d", driver_output(p, a, n)); }
    else if (IS("outx")) { n = number(&rest, 0); memset(a, 'x', n); sprintf(out, "%d", driver_output(p, a, n)); }
    else if (IS("outnull")) sprintf(out, "%d", driver_output(p, NULL, 0));
    else if (IS("out2")) { long h = text(word(&rest), b); n = text(word(&rest), a); sprintf(out, "%d", driver_output2(p, b, h, a, n)); }
    else if (IS("outb")) {
        long h = text(word(&rest), b), off, len;
        char *t = word(&rest);
        ErlDrvBinary *bin;
        n = *t == '#' ? strtol(t + 1, NULL, 0) : (long)text(t, a);
        if (*t == '#') memset(a, 'b', n);
        off = number(&rest, 0); len = number(&rest, n);
        bin = driver_alloc_binary(n); memcpy(bin->orig_bytes, a, n);
        sprintf(out, "%d", driver_output_binary(p, b, h, bin, off, len));
        sprintf(out + strlen(out), ",%ld", (long)driver_binary_get_refc(bin));
        driver_free_binary(bin);
    }
    else if (IS("outv")) {
        vector v; long h = text(word(&rest), b); n = number(&rest, 0);
        make_vector(&v, rest);
        sprintf(out, "%d", driver_outputv(p, b, h, &v.ev, n));
        v.ev.iov = v.iov; v.ev.binv = v.binv;
        free_vector(&v, out + strlen(out));
    }
    else if (IS("term")) sprintf(out, "%d", send_program(s, rest, 0));
    else if (IS("sterm")) sprintf(out, "%d", send_program(s, rest, 1));
    else if (IS("doterm")) sprintf(out, "%d", send_program(s, rest, 2));
    else if (IS("dsterm")) sprintf(out, "%d", send_program(s, rest, 3));
    else if (IS("nterm")) sprintf(out, "%d", send_program(s, rest, 4));

    else if (IS("enq")) { n = text(word(&rest), a); sprintf(out, "%d", driver_enq(p, a, n)); }
    else if (IS("pushq")) { n = text(word(&rest), a); sprintf(out, "%d", driver_pushq(p, a, n)); }
    else if (IS("enqb") || IS("pushqb")) {
        long off, len; ErlDrvBinary *bin;
        int push = *w == 'p';
        n = text(word(&rest), a); off = number(&rest, 0); len = number(&rest, n);
        bin = driver_alloc_binary(n); memcpy(bin->orig_bytes, a, n);
        sprintf(out, "%d", push ? driver_pushq_bin(p, bin, off, len) : driver_enq_bin(p, bin, off, len));
        sprintf(out + strlen(out), ",%ld", (long)driver_binary_get_refc(bin));
        driver_free_binary(bin);
    }
    else if (IS("enqv") || IS("pushqv")) {
        vector v; int push = *w == 'p'; n = number(&rest, 0);
        make_vector(&v, rest);
        sprintf(out, "%d", push ? driver_pushqv(p, &v.ev, n) : driver_enqv(p, &v.ev, n));
        v.ev.iov = v.iov; v.ev.binv = v.binv;
        free_vector(&v, out + strlen(out));
    }
    else if (IS("deq")) sprintf(out, "%ld", (long)driver_deq(p, number(&rest, 0)));
    else if (IS("deqall")) sprintf(out, "%ld", (long)driver_deq(p, driver_sizeq(p)));
    else if (IS("sizeq")) sprintf(out, "%ld", (long)driver_sizeq(p));
    else if (IS("peekq")) {
        SysIOVec *iov = driver_peekq(p, &vlen);
        sprintf(out, "%d:", vlen);
        if (iov) show_iov(out + strlen(out), iov, vlen); else strcat(out, "null");
    }
    else if (IS("peekqv")) {
        ErlIOVec ev;
        n = (long)driver_peekqv(p, &ev);
        sprintf(out, "%ld", n);
        if (n >= 0) sprintf(out + strlen(out), ",%d,%ld,%d,%d", ev.vsize, (long)ev.size, ev.iov != NULL, ev.binv != NULL);
    }
    else if (IS("v2b")) {
        vector v; n = number(&rest, 0);
        make_vector(&v, rest);
        memset(a, 0, 64);
        sprintf(out, "%ld", (long)driver_vec_to_buf(&v.ev, a, n));
        sprintf(out + strlen(out), ",%s", a);
        b[0] = 0; free_vector(&v, b);
    }

    else if (IS("timer")) sprintf(out, "%d", driver_set_timer(p, strtoul(word(&rest), NULL, 0)));
    else if (IS("cancel")) sprintf(out, "%d", driver_cancel_timer(p));
    else if (IS("read")) { unsigned long left = 4711; vlen = driver_read_timer(p, &left); sprintf(out, "%d,%lu", vlen, left); }
    else if (IS("readpast")) { unsigned long left = 4711, limit = number(&rest, 0); vlen = driver_read_timer(p, &left); sprintf(out, "%d,%d", vlen, left > 0 && left <= limit); }
    else if (IS("slice")) sprintf(out, "%d", erl_drv_consume_timeslice(p, number(&rest, 0)));

    else if (IS("pipe")) { int i = number(&rest, 0); if (pipe(s->fds + i)) sprintf(out, "errno"); memcpy(newest_fds, s->fds + i, sizeof newest_fds); }
    else if (IS("socket")) { int i = number(&rest, 0); if (socketpair(AF_UNIX, SOCK_STREAM, 0, s->fds + i)) sprintf(out, "errno"); }
    else if (IS("file")) { int i = number(&rest, 0); s->fds[i] = open("/etc/hostname", O_RDONLY); }
    else if (IS("write")) { int fd = fd_of(s, word(&rest)); n = text(word(&rest), a); sprintf(out, "%ld", (long)write(fd, a, n)); }
    else if (IS("rd")) { int fd = fd_of(s, word(&rest)); n = read(fd, a, number(&rest, 100)); a[n > 0 ? n : 0] = 0; sprintf(out, "%ld:%s", n, a); }
    else if (IS("shut")) { int i = atoi(word(&rest) + 1); close(s->fds[i]); }
    else if (IS("sel")) { long fd = fd_of(s, word(&rest)); int mode = number(&rest, 0); sprintf(out, "%d", driver_select(p, (ErlDrvEvent)fd, mode, number(&rest, 0))); }

    else if (IS("fatom")) { n = text(word(&rest), a); sprintf(out, "%d", driver_failure_atom(p, a)); }
    else if (IS("fatomx")) { n = number(&rest, 0); memset(a, 'q', n); a[n] = 0; sprintf(out, "%d", driver_failure_atom(p, a)); }
    else if (IS("fposix")) sprintf(out, "%d", driver_failure_posix(p, number(&rest, 0)));
    else if (IS("fail")) sprintf(out, "%d", driver_failure(p, number(&rest, 0)));
    else if (IS("feof")) sprintf(out, "%d", driver_failure_eof(p));
    else if (IS("exit")) sprintf(out, "%d", driver_exit(p, number(&rest, 0)));

    else if (IS("busy")) set_busy_port(p, number(&rest, 0));
    else if (IS("limits")) {
        ErlDrvSizeT low = number(&rest, 0), high = number(&rest, 0);
        erl_drv_busy_msgq_limits(p, &low, &high);
        sprintf(out, "%ld,%ld", (long)low, (long)high);
    }
    else if (IS("cflags")) set_port_control_flags(p, number(&rest, 0));
    else if (IS("gflags")) sprintf(out, "%d", get_port_flags(p));
    else if (IS("ospid")) erl_drv_set_os_pid(p, number(&rest, 0));
    else if (IS("ack")) { n = number(&rest, 0); errno = number(&rest, 0); erl_drv_init_ack(p, (ErlDrvData)(n == 1 ? (long)s : n)); }

    else if (IS("async")) {
        job *j = driver_alloc(sizeof *j);
        long key = number(&rest, -1);
        int with_free = number(&rest, 0);
        unsigned k = (unsigned)key;
        j->s = s; j->port = s->saved_port;
        strcpy(j->name, word(&rest)); strcpy(j->script, rest);
        n = driver_async(p, key < 0 ? NULL : &k, job_invoke, j, with_free ? job_free : NULL);
        sprintf(out, "%d,%d", n > 0, key < 0 ? -1 : (int)k);
    }
    else if (IS("samekey")) sprintf(out, "%d", driver_async_port_key(p) == driver_async_port_key(p) && driver_async_port_key(p) < 1 << 28);
    else if (IS("asynckey")) sprintf(out, "%d", driver_async_port_key(p) > 0);

    else if (IS("mon")) { int i = number(&rest, 0); char *t = word(&rest); memset(&s->monitors[i], 0xee, sizeof s->monitors[i]);
        vlen = driver_monitor_process(p, !strcmp(t, "caller") ? driver_caller(p) : !strcmp(t, "saved") ? s->saved_caller : driver_connected(p), &s->monitors[i]);
        for (n = 0; n < 32 && s->monitors[i].data[n] == 0xee; n++);
        sprintf(out, "%d,%d,%d", vlen, n < 24, s->monitors[i].data[24] == 0xee && s->monitors[i].data[31] == 0xee); }
    else if (IS("demon")) sprintf(out, "%d", driver_demonitor_process(p, &s->monitors[number(&rest, 0)]));
    else if (IS("getmon")) sprintf(out, "%s", who(s, driver_get_monitored_process(p, &s->monitors[number(&rest, 0)])));
    else if (IS("getfiring")) sprintf(out, "%d", driver_get_monitored_process(p, s->firing) != driver_term_nil);
    else if (IS("demonfiring")) sprintf(out, "%d", driver_demonitor_process(p, s->firing));
    else if (IS("cmpmon")) { int i = number(&rest, 0), j = number(&rest, 0); n = driver_compare_monitors(&s->monitors[i], &s->monitors[j]); sprintf(out, "%d", n < 0 ? -1 : n > 0); }

    else if (IS("pdl")) { char *t = word(&rest);
        if (!strcmp(t, "create")) { ErlDrvPDL pdl = driver_pdl_create(p); if (pdl) s->pdl = pdl; sprintf(out, "%d", pdl != NULL); }
        else if (!strcmp(t, "lock")) { driver_pdl_lock(s->pdl); sprintf(out, "%ld", (long)driver_pdl_get_refc(s->pdl)); }
        else if (!strcmp(t, "unlock")) { driver_pdl_unlock(s->pdl); sprintf(out, "%ld", (long)driver_pdl_get_refc(s->pdl)); }
        else if (!strcmp(t, "inc")) sprintf(out, "%ld", (long)driver_pdl_inc_refc(s->pdl));
        else if (!strcmp(t, "dec")) sprintf(out, "%ld", (long)driver_pdl_dec_refc(s->pdl)); }
    else if (IS("thread")) { job *j = driver_alloc(sizeof *j); j->s = s; j->port = s->saved_port;
        strcpy(j->name, word(&rest)); strcpy(j->script, rest);
        sprintf(out, "%d", erl_drv_thread_create("swissthr", &s->tid, thread_body, j, NULL)); }
    else if (IS("join")) { void *result = NULL; vlen = erl_drv_thread_join(s->tid, &result); sprintf(out, "%d,%ld", vlen, (long)result); }
    else if (IS("joinself")) sprintf(out, "%d", erl_drv_thread_join(erl_drv_thread_self(), NULL) == EINVAL);
    else if (IS("self")) sprintf(out, "%d,%d", erl_drv_thread_self() != NULL, erl_drv_equal_tids(erl_drv_thread_self(), erl_drv_thread_self()) != 0);
    else if (IS("opts")) { ErlDrvThreadOpts *o = erl_drv_thread_opts_create("o"); sprintf(out, "%d", o->suggested_stack_size); erl_drv_thread_opts_destroy(o); }
    else if (IS("locks")) locks(out);
    else if (IS("condwait")) cond_wait(out);
    else if (IS("dlself")) { Dl_info self; char path[4096]; extern ErlDrvEntry entry; void *h;
        h = driver_dl_open("/nonexistent/lib"); sprintf(out, "%d", h == NULL);
        dladdr(&entry, &self); strcpy(path, self.dli_fname); strcpy(strrchr(path, '/'), "/swissn");
        h = driver_dl_open(path); sprintf(out + strlen(out), "%d", h != NULL);
        if (h) { sprintf(out + strlen(out), "%d", driver_dl_sym(h, "driver_init") != NULL); sprintf(out + strlen(out), "%d", driver_dl_sym(h, "nosuch_xyz") == NULL);
            sprintf(out + strlen(out), "%d", strstr(driver_dl_error(), "nosuch_xyz") != NULL); sprintf(out + strlen(out), "%d", driver_dl_close(h)); } }

    else if (IS("create")) { s->child = driver_create_port(p, !strcmp(word(&rest), "caller") ? driver_caller(p) : s->saved_caller, word(&rest), (ErlDrvData)s);
        sprintf(out, "%d", s->child != (ErlDrvPort)-1L); }
    else if (IS("lockdrv")) sprintf(out, "%d", driver_lock_driver(p));
    else if (IS("addentry")) { extern ErlDrvEntry entry; memcpy(&other_entry, &entry, sizeof entry); other_entry.driver_name = "swissadd"; other_entry.init = NULL; other_entry.finish = NULL; add_driver_entry(&other_entry); }
    else if (IS("rmentry")) sprintf(out, "%d", remove_driver_entry(&other_entry));
    else if (IS("rmself")) { extern ErlDrvEntry entry; sprintf(out, "%d", remove_driver_entry(&entry)); }
    else if (IS("report")) { extern void driver_report_exit(ErlDrvPort, int); driver_report_exit(p, number(&rest, 0)); }

    else if (IS("caller")) sprintf(out, "%s", who(s, driver_caller(p)));
    else if (IS("connected")) sprintf(out, "%s", who(s, driver_connected(p)));
    else if (IS("mkport")) sprintf(out, "%d", driver_mk_port(p) == driver_term_nil ? -1 : driver_mk_port(p) == s->saved_port);
    else if (IS("save")) { s->saved_caller = driver_caller(p); s->saved_port = driver_mk_port(p); }
    else if (IS("nils")) sprintf(out, "%d,%d,%d", driver_mk_term_nil() == driver_term_nil, driver_mk_atom("ok") == driver_mk_atom("ok"), null_func());
    else if (IS("sysinfo")) { ErlDrvSysInfo i; memset(&i, 0xee, sizeof i); n = number(&rest, sizeof i); driver_system_info(&i, n);
        sprintf(out, "%d.%d %s %s %d %d", i.driver_major_version, i.driver_minor_version, i.erts_version, i.otp_release, i.thread_support, i.smp_support);
        sprintf(out + strlen(out), " %d", i.async_threads >= 1 && i.async_threads < 1000);
        sprintf(out + strlen(out), " %d %d", i.nif_major_version == 2, i.dirty_scheduler_support == 1); }
    else if (IS("getenv")) { char v[100]; size_t size; char *key = word(&rest); size = number(&rest, 100); strcpy(v, "-"); vlen = erl_drv_getenv(key, v, &size); sprintf(out, "%d,%ld,%s", vlen, (long)size, v); }
    else if (IS("putenv")) { char *key = word(&rest); n = text(word(&rest), a); sprintf(out, "%d", erl_drv_putenv(key, a)); }
    else if (IS("errnoid")) { for (n = 0; n <= 135; n++) sprintf(out + strlen(out), "%s ", erl_errno_id(n)); strcat(out, erl_errno_id(-1)); }
    else if (IS("mono")) sprintf(out, "%d,%d", erl_drv_monotonic_time(ERL_DRV_MSEC) != ERL_DRV_TIME_ERROR, erl_drv_time_offset(ERL_DRV_SEC) != ERL_DRV_TIME_ERROR);
    else if (IS("monobad")) sprintf(out, "%d", erl_drv_monotonic_time((ErlDrvTimeUnit)77) == ERL_DRV_TIME_ERROR);
    else if (IS("conv")) { long v = number(&rest, 0), f = number(&rest, 0), t = number(&rest, 0); n = erl_drv_convert_time_unit(v, f, t); if (n == ERL_DRV_TIME_ERROR) strcpy(out, "error"); else sprintf(out, "%ld", n); }
    else if (IS("now")) { ErlDrvNowData now; sprintf(out, "%d,%d", driver_get_now(&now), driver_get_now(NULL)); }
    else if (IS("mem")) { char *m = driver_alloc(0), *r; ErlDrvBinary *bin; sprintf(out, "%d", m != NULL); m = driver_realloc(m, 100); strcpy(m, "x"); r = driver_realloc(NULL, 5);
        sprintf(out + strlen(out), "%d%d", r != NULL, driver_alloc(~(size_t)0 >> 1) == NULL); driver_free(m); driver_free(r); driver_free(NULL);
        bin = driver_alloc_binary(10); sprintf(out + strlen(out), "%ld%ld", (long)driver_binary_inc_refc(bin), (long)driver_binary_dec_refc(bin));
        bin = driver_realloc_binary(bin, 20); sprintf(out + strlen(out), ",%ld", (long)bin->orig_size); driver_free_binary(bin); driver_free_binary(NULL);
        bin = driver_realloc_binary(NULL, 3); sprintf(out + strlen(out), ",%ld", (long)bin->orig_size); driver_free_binary(bin); }
    else if (IS("dl")) { void *h = driver_dl_open("/nonexistent/lib"); sprintf(out, "%d", h == NULL);
        h = driver_dl_open(rest); sprintf(out + strlen(out), "%d", h != NULL);
        if (h) { sprintf(out + strlen(out), "%d%d", driver_dl_sym(h, "driver_init") != NULL, driver_dl_sym(h, "nosuch_xyz") == NULL);
            sprintf(out + strlen(out), "%d%d", strstr(driver_dl_error(), "nosuch_xyz") != NULL, driver_dl_close(h)); } }

    else if (IS("rep")) { char *t = word(&rest); s->reply_n = number(&rest, 0);
        s->reply_kind = !strcmp(t, "buf") ? REPLY_BUF : !strcmp(t, "null") ? REPLY_NULL : !strcmp(t, "alloc") ? REPLY_ALLOC : !strcmp(t, "bin") ? REPLY_BIN : !strcmp(t, "binkeep") ? REPLY_BINKEEP : REPLY_NEG; }
    else if (IS("binrefc")) { sprintf(out, "%ld", s->bin ? (long)driver_binary_get_refc(s->bin) : -1L); }
    else if (IS("bindrop")) { if (s->bin) driver_free_binary(s->bin); s->bin = NULL; }
    else if (IS("call")) { static const char *kinds[] = {"echo", "zero", "neg", "one", "mark", "short", "longer", "keep", "alloc", "utf8", "old", "compressed"};
        char *t = word(&rest); int i; for (i = 0; i < 12; i++) if (!strcmp(t, kinds[i])) s->call_kind = i; s->call_n = number(&rest, 0); }
    else sprintf(out, "unknown %s", w);
}

static void run(state *s, const char *script, char *out)
{
    char *copy = strdup(script), *next = copy, *one;
    char *result = malloc(70000);
    int is_first = 1;
    out[0] = 0;
    while ((one = strsep(&next, ";"))) {
        int is_on;
        while (*one == ' ') one++;
        is_on = !strncmp(one, "on ", 3);
        if (!*one) continue;
        statement(s, one, result);
        if (is_on) continue;
        if (!is_first) strcat(out, " ");
        strcat(out, *result ? result : ".");
        is_first = 0;
    }
    free(result);
    free(copy);
}

static void run_on(state *s, int which, const char *extra)
{
    char *out;
    if (!s) { put_log("%s %s", on_names[which], extra); return; }
    out = malloc(140000);
    out[0] = 0;
    if (s->on[which] && *s->on[which]) {
        char *script = strdup(s->on[which]);
        run(s, script, out);
        free(script);
    }
    put_log("%s%s%s%s%s", on_names[which], *extra ? " " : "", extra, *out ? ": " : "", out);
    free(out);
}

/* ---- callbacks ------------------------------------------------------------------------------------------------ */

static int init(void) { put_log("init");
#ifdef INIT_RESULT
    return INIT_RESULT;
#endif
    return 0; }
static void finish(void) { put_log("finish"); if (log_fd >= 0) close(log_fd); log_fd = -1; }

static state *of(ErlDrvData data)
{
    long value = (long)data;
    return value > 65536 || value < -65536 ? (state *)data : NULL;
}

static ErlDrvData start(ErlDrvPort port, char *command)
{
    state *s = calloc(1, sizeof *s);
    char *script = strchr(command, '!');
    char out[8192];
    s->port = port;
    s->saved_port = driver_mk_port(port);
    s->saved_caller = driver_caller(port);
    start_result_set = 0;
    start_errno = 0;
    out[0] = 0;
    if (script) run(s, script + 1, out);
    put_log("start %s%s%s", command, *out ? ": " : "", out);
    if (start_result_set) {
        errno = start_errno;
        return (ErlDrvData)start_result;
    }
    return (ErlDrvData)s;
}

static void stop(ErlDrvData data)
{
    char extra[64];
    state *s = of(data);
    extra[0] = 0;
    if (!s) sprintf(extra, "%ld", (long)data);
    run_on(s, ON_STOP, extra);
    if (s && s->child != s->port && 0) free(s);
}

static void output(ErlDrvData data, char *buf, ErlDrvSizeT len)
{
    char extra[300];
    state *s = of(data);
    if (len > 200) snprintf(extra, sizeof extra, "%ld", (long)len);
    else snprintf(extra, sizeof extra, "%ld %.*s", (long)len, (int)len, buf);
    if (s && len > 1 && buf[0] == '!') {
        char *script = calloc(1, len), *out = malloc(140000);
        memcpy(script, buf + 1, len - 1);
        run(s, script, out);
        put_log("output %s: %s", script, out);
        free(script); free(out);
    } else run_on(s, ON_OUTPUT, extra);
}

#ifdef OUTPUTV
static void outputv(ErlDrvData data, ErlIOVec *ev)
{
    state *s = of(data);
    char extra[2000];
    int i, shared = -1;
    sprintf(extra, "%d %ld:", ev->vsize, (long)ev->size);
    for (i = 1; i < ev->vsize; i++) {
        const char *where = !ev->binv[i] ? "-" : (char *)ev->iov[i].iov_base == ev->binv[i]->orig_bytes ? "=" : "+";
        int j;
        for (shared = -1, j = 1; j < i; j++) if (ev->binv[j] && ev->binv[j] == ev->binv[i]) { shared = j; break; }
        sprintf(extra + strlen(extra), " %ld%s", (long)ev->iov[i].iov_len, where);
        if (shared > 0) sprintf(extra + strlen(extra), "(%d)", shared);
    }
    if (s && s->on[ON_OUTPUT]) {
        if (!strcmp(s->on[ON_OUTPUT], "echo")) driver_outputv(s->port, "HD", 2, ev, 0);
        if (!strcmp(s->on[ON_OUTPUT], "enqv")) { driver_enqv(s->port, ev, 1); }
        if (!strcmp(s->on[ON_OUTPUT], "refc")) sprintf(extra + strlen(extra), " refc %ld", (long)driver_binary_get_refc(ev->binv[ev->vsize - 1]));
    }
    put_log("outputv %s", extra);
}
#endif

static ErlDrvSSizeT control(ErlDrvData data, unsigned op, char *buf, ErlDrvSizeT len, char **rbuf, ErlDrvSizeT rlen)
{
    state *s = of(data);
    char *script, *out;
    ErlDrvSSizeT n;
    long i;
    if (!s) { memcpy(*rbuf, "raw", 3); return 3; }
    if (op == 99) { sprintf(*rbuf, "%ld,%u", (long)len, (unsigned)rlen); return strlen(*rbuf); }
    if (op == 0xffffffffu) { memcpy(*rbuf, "max", 3); return 3; }
    script = calloc(1, len + 1);
    memcpy(script, buf, len);
    out = malloc(140000);
    s->reply_kind = REPLY_TEXT;
    run(s, script, out);
    free(script);
    n = s->reply_n;
    switch (s->reply_kind) {
    case REPLY_TEXT:
        n = strlen(out);
        if (n > (long)rlen) { *rbuf = driver_alloc(n); }
        memcpy(*rbuf, out, n);
        break;
    case REPLY_BUF: for (i = 0; i < n && i < (long)rlen; i++) (*rbuf)[i] = '0' + i % 10; break;
    case REPLY_NULL: *rbuf = NULL; break;
    case REPLY_ALLOC: *rbuf = driver_alloc(n); memset(*rbuf, 'a', n); break;
    case REPLY_BIN: case REPLY_BINKEEP: {
        ErlDrvBinary *bin = driver_alloc_binary(n);
        memset(bin->orig_bytes, 'B', n);
        if (s->reply_kind == REPLY_BINKEEP) { driver_binary_inc_refc(bin); s->bin = bin; }
        *rbuf = (char *)bin;
        n = 7;
        break; }
    case REPLY_NEG: n = -1; break;
    }
    free(out);
    return n;
}

static ErlDrvSSizeT call(ErlDrvData data, unsigned op, char *buf, ErlDrvSizeT len, char **rbuf, ErlDrvSizeT rlen, unsigned *flags)
{
    static unsigned char compressed[] = {131, 80, 0, 0, 0, 3, 120, 156, 203, 101, 96, 100, 2, 0, 1, 73, 0, 101};
    state *s = of(data);
    long n = len;
    put_log("call %u len %ld rlen %s flags %u", op, (long)len, rlen == 255 || rlen == 256 ? "ok" : "bad", *flags);
    if (!s) return -1;
    switch (s->call_kind) {
    case CALL_ZERO: return 0;
    case CALL_NEG: return -5;
    case CALL_ONE: **rbuf = 1; return 1;
    case CALL_MARK: **rbuf = (char)131; return 1;
    case CALL_SHORT: n = len - 1; break;
    case CALL_UTF8ATOM: memcpy(*rbuf, "\203w\003foo", 6); return 6;
    case CALL_OLDATOM: memcpy(*rbuf, "\203d\000\002ok", 6); return 6;
    case CALL_COMPRESSED: memcpy(*rbuf, compressed, sizeof compressed); return sizeof compressed;
    case CALL_KEEP: { static char keep[70000]; memcpy(keep, buf, len); *rbuf = keep; *flags = DRIVER_CALL_KEEP_BUFFER; return len; }
    }
    if (s->call_kind == CALL_ALLOC || len + 1 > rlen) { *rbuf = driver_alloc(len + 1); memset(*rbuf, 0, len + 1); }
    memcpy(*rbuf, buf, len);
    if (s->call_kind == CALL_LONGER) { (*rbuf)[len] = 0; n = len + 1; }
    if (s->on[ON_CALL]) run_on(s, ON_CALL, "");
    return n;
}

static void timeout(ErlDrvData data) { run_on(of(data), ON_TIMEOUT, ""); }
static void flush(ErlDrvData data) { run_on(of(data), ON_FLUSH, ""); }
static void ready_input(ErlDrvData data, ErlDrvEvent event) { (void)event; run_on(of(data), ON_READY_INPUT, ""); }
static void ready_output(ErlDrvData data, ErlDrvEvent event) { (void)event; run_on(of(data), ON_READY_OUTPUT, ""); }
static void ready_async(ErlDrvData data, ErlDrvThreadData payload)
{
    job *j = (job *)payload;
    run_on(of(data), ON_READY_ASYNC, j->name);
    driver_free(j);
}
static void process_exit(ErlDrvData data, ErlDrvMonitor *monitor)
{
    state *s = of(data);
    int i;
    char extra[32];
    s->firing = monitor;
    extra[0] = 0;
    for (i = 0; i < 4; i++) if (!driver_compare_monitors(monitor, &s->monitors[i])) sprintf(extra, "%d", i);
    run_on(s, ON_PROCESS_EXIT, extra);
}
static void stop_select(ErlDrvEvent event, void *reserved) { put_log("stop_select %d", reserved == NULL); close((int)(long)event); }
static void emergency_close(ErlDrvData data) { (void)data; put_log("emergency_close"); }

ErlDrvEntry entry = {
#ifdef NO_INIT
    NULL,
#else
    init,
#endif
#ifdef NO_START
    NULL,
#else
    start,
#endif
    stop,
#ifdef MINIMAL
    NULL, NULL, NULL,
#else
    output, ready_input, ready_output,
#endif
    NAME, finish, NULL, control,
#ifdef MINIMAL
    NULL,
#else
    timeout,
#endif
#ifdef OUTPUTV
    outputv,
#else
    NULL,
#endif
#if defined(MINIMAL) || defined(NO_READY_ASYNC)
    NULL,
#else
    ready_async,
#endif
#ifdef MINIMAL
    NULL, NULL,
#else
    flush, call,
#endif
    NULL,
#ifdef MARKER
    MARKER,
#else
    ERL_DRV_EXTENDED_MARKER,
#endif
#ifdef MAJOR
    MAJOR, MINOR,
#else
    ERL_DRV_EXTENDED_MAJOR_VERSION, ERL_DRV_EXTENDED_MINOR_VERSION,
#endif
    FLAGS, NULL,
#ifdef MINIMAL
    NULL, NULL, NULL
#else
    process_exit, stop_select, emergency_close
#endif
};

#ifdef UNRESOLVED
extern int nosuch_function_xyz(void);
#endif

#ifdef NO_DRIVER_INIT
ErlDrvEntry *another_init(void)
#elif defined(UNDERSCORE_INIT)
ErlDrvEntry *_driver_init(void)
#else
ErlDrvEntry *driver_init(void)
#endif
{
    Dl_info self;
    if (log_fd < 0 && dladdr(&entry, &self)) {
        char file[4200];
        snprintf(own_path, sizeof own_path, "%s", self.dli_fname);
        snprintf(file, sizeof file, "%s.log", own_path);
        log_fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    put_log("driver_init");
#ifdef UNRESOLVED
    nosuch_function_xyz();
#endif
#ifdef NULL_INIT
    return NULL;
#endif
    return &entry;
}
