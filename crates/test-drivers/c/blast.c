/* Four threads of the driver send {Thread, Number} to whoever opened the port, each in the order of its numbers. */
#include <erl_driver.h>
#include <stdlib.h>

#ifndef COUNT
#define COUNT 1000
#endif

static ErlDrvTermData port_term, owner;
static ErlDrvTid threads[4];

static void *blast(void *data)
{
    long i, lost = 0;
    for (i = 0; i < COUNT; i++) {
        ErlDrvTermData spec[] = {ERL_DRV_INT, (ErlDrvTermData)data, ERL_DRV_INT, i, ERL_DRV_TUPLE, 2};
        int sent = i & 1 ? erl_drv_output_term(port_term, spec, 6) : erl_drv_send_term(port_term, owner, spec, 6);
        lost += sent != 1;
    }
    return (void *)lost;
}

static ErlDrvData start(ErlDrvPort port, char *command)
{
    long i;
    (void)command;
    port_term = driver_mk_port(port);
    owner = driver_caller(port);
    for (i = 0; i < 4; i++) erl_drv_thread_create("blast", &threads[i], blast, (void *)i, NULL);
    return (ErlDrvData)port;
}

static ErlDrvSSizeT control(ErlDrvData data, unsigned op, char *buf, ErlDrvSizeT len, char **rbuf, ErlDrvSizeT rlen)
{
    long lost = 0;
    int i;
    (void)data; (void)op; (void)buf; (void)len; (void)rlen;
    for (i = 0; i < 4; i++) {
        void *own;
        erl_drv_thread_join(threads[i], &own);
        lost += (long)own;
    }
    **rbuf = lost == 0 ? 'y' : 'n';
    return 1;
}

static ErlDrvEntry entry = {
    .start = start, .control = control, .driver_name = "blast",
    .extended_marker = ERL_DRV_EXTENDED_MARKER, .major_version = ERL_DRV_EXTENDED_MAJOR_VERSION,
    .minor_version = ERL_DRV_EXTENDED_MINOR_VERSION, .driver_flags = ERL_DRV_FLAG_USE_PORT_LOCKING,
};

DRIVER_INIT(blast) { return &entry; }
