/* A driver that echoes, the same for the BEAM and for Portwright. */

#include <string.h>
#include "erl_driver.h"

#define THREADS 4

enum { ECHO = 1, SEND_TERMS = 2 };

typedef struct {
    ErlDrvPort port;
    ErlDrvTermData port_term;
    ErlDrvTermData receiver;
    ErlDrvTermData tag;
    unsigned long terms;
    ErlDrvTid threads[THREADS];
    int running;
} Instance;

static ErlDrvData start(ErlDrvPort port, char *command)
{
    Instance *self = driver_alloc(sizeof(Instance));
    (void) command;
    if (!self)
        return ERL_DRV_ERROR_GENERAL;
    memset(self, 0, sizeof *self);
    self->port = port;
    set_port_control_flags(port, PORT_CONTROL_FLAG_BINARY);
    return (ErlDrvData) self;
}

static void join(Instance *self)
{
    while (self->running > 0)
        erl_drv_thread_join(self->threads[--self->running], NULL);
}

static void stop(ErlDrvData data)
{
    join((Instance *) data);
    driver_free((void *) data);
}

static void output(ErlDrvData data, char *bytes, ErlDrvSizeT size)
{
    driver_output(((Instance *) data)->port, bytes, size);
}

/* {Tag,1,2,3,4,5,6,7,8}: ten words. */
static void *send_terms(void *argument)
{
    Instance *self = argument;
    ErlDrvTermData term[] = {
        ERL_DRV_ATOM, self->tag,
        ERL_DRV_INT, 1, ERL_DRV_INT, 2, ERL_DRV_INT, 3, ERL_DRV_INT, 4,
        ERL_DRV_INT, 5, ERL_DRV_INT, 6, ERL_DRV_INT, 7, ERL_DRV_INT, 8,
        ERL_DRV_TUPLE, 9
    };
    unsigned long i;
    for (i = 0; i < self->terms; i++)
        erl_drv_send_term(self->port_term, self->receiver, term,
                          sizeof term / sizeof term[0]);
    return NULL;
}

static ErlDrvSSizeT control(ErlDrvData data, unsigned int operation, char *bytes,
                            ErlDrvSizeT size, char **answer, ErlDrvSizeT room)
{
    Instance *self = (Instance *) data;
    if (operation == ECHO) {
        if (size > room) {
            ErlDrvBinary *binary = driver_alloc_binary(size);
            memcpy(binary->orig_bytes, bytes, size);
            *answer = (char *) binary;
        } else {
            memcpy(*answer, bytes, size);
        }
        return size;
    }
    if (operation == SEND_TERMS && size == 4) {
        const unsigned char *number = (const unsigned char *) bytes;
        join(self);
        self->terms = (unsigned long) number[0] << 24 | number[1] << 16
            | number[2] << 8 | number[3];
        self->receiver = driver_caller(self->port);
        self->port_term = driver_mk_port(self->port);
        self->tag = driver_mk_atom("term");
        while (self->running < THREADS
               && erl_drv_thread_create("bench", &self->threads[self->running],
                                        send_terms, self, NULL) == 0)
            self->running++;
        return 0;
    }
    return -1;
}

static ErlDrvSSizeT call(ErlDrvData data, unsigned int operation, char *bytes,
                         ErlDrvSizeT size, char **answer, ErlDrvSizeT room,
                         unsigned int *flags)
{
    (void) data;
    (void) operation;
    (void) flags;
    if (size > room)
        *answer = driver_alloc(size);
    memcpy(*answer, bytes, size);
    return size;
}

static ErlDrvEntry entry = {
    .start = start,
    .stop = stop,
    .output = output,
    .driver_name = "portwright_bench_drv",
    .control = control,
    .call = call,
    .extended_marker = ERL_DRV_EXTENDED_MARKER,
    .major_version = ERL_DRV_EXTENDED_MAJOR_VERSION,
    .minor_version = ERL_DRV_EXTENDED_MINOR_VERSION,
    .driver_flags = ERL_DRV_FLAG_USE_PORT_LOCKING,
};

DRIVER_INIT(portwright_bench_drv)
{
    return &entry;
}
