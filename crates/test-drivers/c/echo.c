/* Sends back what it is told. Some words have another effect: `fail` ends the port with a reason, `quit` without one,
   `hang` never returns. The command `NAME refuse` refuses to start. */
#include <erl_driver.h>
#include <string.h>
#include <unistd.h>

static ErlDrvData start(ErlDrvPort port, char *command)
{
    if (strstr(command, " refuse")) return ERL_DRV_ERROR_BADARG;
    driver_output(port, command, strlen(command));
    return (ErlDrvData)port;
}

static void output(ErlDrvData data, char *buf, ErlDrvSizeT len)
{
    ErlDrvPort port = (ErlDrvPort)data;
    if (len == 4 && !memcmp(buf, "fail", 4)) driver_failure_atom(port, "boom");
    else if (len == 4 && !memcmp(buf, "quit", 4)) driver_exit(port, 0);
    else if (len == 4 && !memcmp(buf, "hang", 4)) for (;;) pause();
    else driver_output(port, buf, len);
}

static ErlDrvSSizeT control(ErlDrvData data, unsigned op, char *buf, ErlDrvSizeT len, char **rbuf, ErlDrvSizeT rlen)
{
    ErlDrvSizeT i;
    if (op != 1 || len > rlen) return -1;
    for (i = 0; i < len; i++) (*rbuf)[i] = buf[len - 1 - i];
    return len;
}

static ErlDrvSSizeT call(ErlDrvData data, unsigned op, char *buf, ErlDrvSizeT len, char **rbuf, ErlDrvSizeT rlen,
                         unsigned *flags)
{
    if (op != 1 || len > rlen) return -1;
    memcpy(*rbuf, buf, len);
    return len;
}

static ErlDrvEntry entry = {
    .start = start, .output = output, .control = control, .call = call, .driver_name = NAME,
    .extended_marker = ERL_DRV_EXTENDED_MARKER, .major_version = ERL_DRV_EXTENDED_MAJOR_VERSION,
    .minor_version = ERL_DRV_EXTENDED_MINOR_VERSION,
    .driver_flags = ERL_DRV_FLAG_USE_PORT_LOCKING | ERL_DRV_FLAG_SOFT_BUSY,
};

#ifdef UNRESOLVED
void nobody_has_this(void);
void nor_this(void);
void *used[] = {(void *)nobody_has_this, (void *)nor_this};
#endif

DRIVER_INIT(echo) { return &entry; }
