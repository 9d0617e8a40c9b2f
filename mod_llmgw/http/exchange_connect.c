/* exchange_connect.c: an exchange's connection: mod_proxy's pool, TCP, TLS */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <util_filter.h>
#include "exchange_http.h"
#include "handshake.h"
#include "proxy_api.h"

static int socket_fd(apr_socket_t *sock)
{
    apr_os_sock_t fd = -1;

    apr_os_sock_get(&fd, sock);
    return fd;
}

apr_status_t llmgw_exchange_fail(llmgw_exchange_http_t *e, apr_status_t status,
                                 const char *message, apr_status_t why)
{
    llmgw_exchange_t *x = &e->x;

    llmgw_err_set(&x->err, x->pool, status, NULL, "%s", message);
    if (why != APR_SUCCESS) {
        x->err.detail =
            apr_psprintf(x->pool, "%s: %pm", x->provider->url, &why);
    }
    else {
        x->err.detail = x->provider->url;
    }
    return status;
}

/* ---- opening ----------------------------------------------------------- */

static int matches_remote(const struct proxy_remote *remote,
                          const llmgw_provider_t *provider)
{
    const char *scheme = provider->is_tls ? "https" : "http";

    if (remote->use_regex) {
        return ap_regexec(remote->regexp, provider->url, 0, NULL, 0) == 0;
    }
    return !strcmp(remote->scheme, "*")
           || !ap_cstr_casecmp(scheme, remote->scheme)
           || (ap_strchr_c(remote->scheme, ':')
               && !ap_cstr_casecmpn(provider->url, remote->scheme,
                                    strlen(remote->scheme)));
}

/* The ProxyRemote for a provider, NULL for none. */
static const struct proxy_remote *find_remote(const proxy_server_conf *conf,
                                              const llmgw_provider_t *provider)
{
    int i;

    for (i = 0; i < conf->proxies->nelts; i++) {
        const struct proxy_remote *remote =
            &APR_ARRAY_IDX(conf->proxies, i, struct proxy_remote);

        if (matches_remote(remote, provider)) {
            return remote;
        }
    }
    return NULL;
}

/* Resolve; on success e->target and the connection's address are set. */
static apr_status_t resolve(llmgw_exchange_http_t *e)
{
    llmgw_exchange_t *x = &e->x;
    proxy_server_conf *conf =
        ap_get_module_config(x->r->server->module_config, &proxy_module);
    const struct proxy_remote *remote = find_remote(conf, x->provider);
    const char *host = x->provider->host;
    char *url =
        apr_pstrcat(x->pool, x->provider->is_tls ? "https://" : "http://", host,
                    x->send->path, NULL);
    char port[32];
    apr_uri_t uri;
    int rc;

    /* Credentials for the ProxyRemote are its own, never the client's. */
    apr_table_setn(x->r->notes, "proxy-basic-creds",
                   remote && remote->creds ? remote->creds : "");
    rc = ap_proxy_determine_connection(
        x->pool, x->r, conf, x->provider->worker, e->conn, &uri, &url,
        remote ? remote->hostname : NULL, remote ? remote->port : 0, port,
        sizeof(port));
    if (rc != OK) {
        return llmgw_exchange_fail(
            e, LLMGW_ECONNECT, "The provider's host name cannot be resolved.",
            0);
    }
    if (x->provider->is_tls && !e->conn->sock) {
        /* Whatever ProxyPreserveHost says of this location. */
        e->conn->ssl_hostname = apr_pstrdup(e->conn->scpool, uri.hostname);
    }
    e->target = url;
    return APR_SUCCESS;
}

static apr_status_t start_connect(llmgw_exchange_http_t *e);

/* Connect the plain way, blocking: a ProxyRemote, a Unix domain socket. */
static apr_status_t connect_blocking(llmgw_exchange_http_t *e)
{
    llmgw_exchange_t *x = &e->x;

    if (ap_proxy_connect_backend(LLMGW_PROXY_SCHEME, e->conn,
                                 x->provider->worker, x->r->server)
        != OK) {
        return llmgw_exchange_fail(e, LLMGW_ECONNECT,
                                   "The provider cannot be reached.", 0);
    }
    x->phase = LLMGW_PHASE_CONNECTED;
    return APR_SUCCESS;
}

/* Without TLS: is there anything to read? Nothing was asked for, so it is the
 * other side's end, or does not belong to the next request. */
static int is_stale(const proxy_conn_rec *conn)
{
    struct pollfd pfd = { -1, POLLIN, 0 };

    if (!conn->sock || conn->connection) {
        return 0;
    }
    pfd.fd = socket_fd(conn->sock);
    return poll(&pfd, 1, 0) != 0;
}

/* Has the pool a connection that can be used again? */
static int is_alive(const llmgw_exchange_http_t *e)
{
    if (!e->x.provider->is_tls) {
        return e->conn->sock != NULL;
    }
    return ap_proxy_check_connection(LLMGW_PROXY_SCHEME, e->conn,
                                     e->x.r->server, 0,
                                     PROXY_CHECK_CONN_EMPTY) == APR_SUCCESS;
}

apr_status_t llmgw_exchange_open(llmgw_exchange_http_t *e)
{
    llmgw_exchange_t *x = &e->x;
    apr_status_t rv;

    if (!e->conn
        && ap_proxy_acquire_connection(LLMGW_PROXY_SCHEME, &e->conn,
                                       x->provider->worker, x->r->server)
               != OK) {
        return llmgw_exchange_fail(e, LLMGW_ECONNECT,
                                   "No connection to the provider is free.", 0);
    }
    /* What a kept-alive connection that was closed meanwhile has swallowed
     * cannot be sent again. */
    e->fresh_only |= x->send->source != NULL;
    e->conn->is_ssl = x->provider->is_tls;
    e->conn->close = e->fresh_only || is_stale(e->conn);
    rv = resolve(e);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (is_alive(e)) {
        x->reused = 1;
        x->phase = LLMGW_PHASE_CONNECTED;
        return APR_SUCCESS;
    }
    x->reused = 0;
    if (e->conn->forward || e->conn->uds_path) {
        return connect_blocking(e);
    }
    e->addr = e->conn->addr;
    return start_connect(e);
}

/* ---- connecting -------------------------------------------------------- */

static apr_status_t next_address(llmgw_exchange_http_t *e, apr_status_t why)
{
    if (e->sock) {
        apr_socket_close(e->sock);
        e->sock = NULL;
    }
    e->addr = e->addr->next;
    if (!e->addr) {
        return llmgw_exchange_fail(e, LLMGW_ECONNECT,
                                   "The provider cannot be reached.", why);
    }
    return start_connect(e);
}

/* Begin a TCP connection to e->addr, without waiting for it. */
static apr_status_t start_connect(llmgw_exchange_http_t *e)
{
    llmgw_exchange_t *x = &e->x;
    apr_status_t rv;

    if (!e->addr) {
        return llmgw_exchange_fail(e, LLMGW_ECONNECT,
                                   "The provider has no address.", 0);
    }
    rv = apr_socket_create(&e->sock, e->addr->family, SOCK_STREAM,
                           APR_PROTO_TCP, e->conn->scpool);
    if (rv != APR_SUCCESS) {
        e->sock = NULL;
        return next_address(e, rv);
    }
    e->conn->connection = NULL;
    apr_socket_opt_set(e->sock, APR_TCP_NODELAY, 1);
    apr_socket_opt_set(e->sock, APR_SO_KEEPALIVE, 1);
    apr_socket_timeout_set(e->sock, 0);
    rv = apr_socket_connect(e->sock, e->addr);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EINPROGRESS(rv)) {
        return next_address(e, rv);
    }
    x->phase = LLMGW_PHASE_CONNECTING;
    x->wait.fd = socket_fd(e->sock);
    x->wait.events = POLLOUT;
    return rv == APR_SUCCESS ? APR_SUCCESS : APR_EAGAIN;
}

apr_status_t llmgw_exchange_check_connect(llmgw_exchange_http_t *e)
{
    struct pollfd pfd = { e->x.wait.fd, POLLOUT, 0 };
    int error = 0;
    socklen_t len = sizeof(error);

    if (poll(&pfd, 1, 0) <= 0) {
        return APR_EAGAIN;
    }
    if (getsockopt(pfd.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        error = errno;
    }
    if (error) {
        return next_address(e, APR_FROM_OS_ERROR(error));
    }
    e->conn->sock = e->sock;
    e->conn->addr = e->addr;
    e->sock = NULL;
    e->x.phase = LLMGW_PHASE_CONNECTED;
    return APR_SUCCESS;
}

/* TLS, as far as it takes: mod_ssl's handshake waits, up to the timeout or
 * the client's leaving. */
static apr_status_t shake_hands(llmgw_exchange_http_t *e)
{
    apr_status_t rv = llmgw_handshake_run(e->conn->connection, e->conn->sock,
                                          e->x.r, e->x.connect_until);

    if (rv == APR_SUCCESS || rv == LLMGW_ECLIENTGONE) {
        return rv;
    }
    if (apr_time_now() >= e->x.connect_until) {
        return llmgw_exchange_fail(
            e, LLMGW_ECONNECTTIMEOUT,
            "The provider did not complete the TLS handshake in "
            "time.",
            0);
    }
    return llmgw_exchange_fail(
        e, LLMGW_ETLS,
        "The TLS connection to the provider failed: "
        "its certificate or its protocol was not accepted.",
        rv);
}

static apr_status_t begin_tls(llmgw_exchange_http_t *e)
{
    llmgw_exchange_t *x = &e->x;
    conn_rec *c;
    apr_status_t rv;

    if (ap_proxy_connection_create(LLMGW_PROXY_SCHEME, e->conn,
                                   x->r->connection, x->provider->server)
        != OK) {
        return llmgw_exchange_fail(
            e, LLMGW_ETLS,
            "The connection to the provider could not be set up.", 0);
    }
    c = e->conn->connection;
    e->out = apr_brigade_create(x->pool, c->bucket_alloc);
    e->in = apr_brigade_create(x->pool, c->bucket_alloc);
    rv = x->reused ? APR_SUCCESS : shake_hands(e);
    if (rv == APR_SUCCESS) {
        apr_socket_timeout_set(e->conn->sock, x->r->server->timeout);
    }
    return rv;
}

apr_status_t llmgw_exchange_complete_connect(llmgw_exchange_http_t *e)
{
    llmgw_exchange_t *x = &e->x;
    apr_status_t rv = APR_SUCCESS;

    if (x->provider->is_tls) {
        rv = begin_tls(e);
    }
    else {                      /* the socket will do: no filters are needed */
        e->out = apr_brigade_create(x->pool, x->r->connection->bucket_alloc);
    }
    if (rv == APR_SUCCESS) {
        x->phase = LLMGW_PHASE_SENDING;
        x->wait.fd = socket_fd(e->conn->sock);
        x->wait.events = POLLOUT;
        e->piece = -1;
        e->offset = 0;
    }
    return rv;
}
