/* buf.c: a growing byte buffer that never grows past its bound */
#include <stdlib.h>
#include <sys/mman.h>
#include <apr_lib.h>
#include "llmgw/buf.h"
#include "llmgw/error.h"

#define CAP_MIN 256

/* From this size on memory is the system's and goes back to it: malloc() would
 * put the bodies of all calls on heaps of its threads, which keep them.
 * AddressSanitizer only watches malloc()'s. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define MAPPED_MIN APR_SIZE_MAX
#else
#define MAPPED_MIN ((apr_size_t)128 * 1024)
#endif

static void put_memory(char *data, apr_size_t cap)
{
    if (cap < MAPPED_MIN) {
        free(data);
    }
    else {
        munmap(data, cap);
    }
}

/* As realloc(); it only grows. */
static char *grow_memory(const llmgw_buf_t *b, apr_size_t cap)
{
    void *data;

    if (cap < MAPPED_MIN) {
        return realloc(b->data, cap);
    }
    data = mmap(NULL, cap, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) {
        return NULL;
    }
    if (b->data) {
        memcpy(data, b->data, b->len + 1);
        put_memory(b->data, b->cap);
    }
    return data;
}

static apr_status_t release_memory(void *data)
{
    llmgw_buf_free(data);
    return APR_SUCCESS;
}

llmgw_buf_t *llmgw_buf_create(apr_pool_t *p, apr_size_t bytes_max)
{
    llmgw_buf_t *b = apr_pcalloc(p, sizeof(*b));

    b->bytes_max = bytes_max;
    apr_pool_cleanup_register(p, b, release_memory, apr_pool_cleanup_null);
    return b;
}

/* Make cap at least want (<= bytes_max + 1), doubling. */
static apr_status_t grow(llmgw_buf_t *b, apr_size_t want)
{
    apr_size_t cap = b->cap ? b->cap : CAP_MIN;
    char *data;

    while (cap < want) {
        cap *= 2;
    }
    if (cap > b->bytes_max + 1) {
        cap = b->bytes_max + 1;
    }
    data = grow_memory(b, cap);
    if (!data) {
        return APR_ENOMEM;
    }
    b->data = data;
    b->cap = cap;
    return APR_SUCCESS;
}

apr_status_t llmgw_buf_reserve(llmgw_buf_t *b, apr_size_t len)
{
    if (b->failed) {
        return b->failed;
    }
    if (len > b->bytes_max - b->len) {
        return b->failed = LLMGW_ETOOBIG;
    }
    if (b->len + len + 1 > b->cap) {
        b->failed = grow(b, b->len + len + 1);
    }
    return b->failed;
}

void llmgw_buf_commit(llmgw_buf_t *b, apr_size_t len)
{
    b->len += len;
    b->data[b->len] = '\0';
}

apr_status_t llmgw_buf_append(llmgw_buf_t *b, const char *data, apr_size_t len)
{
    apr_status_t rv = llmgw_buf_reserve(b, len);

    if (rv == APR_SUCCESS) {
        if (len) {
            memcpy(b->data + b->len, data, len);
        }
        llmgw_buf_commit(b, len);
    }
    return rv;
}

apr_status_t llmgw_buf_puts(llmgw_buf_t *b, const char *z)
{
    return llmgw_buf_append(b, z, strlen(z));
}

apr_status_t llmgw_buf_put(llmgw_buf_t *b, llmgw_str_t s)
{
    return llmgw_buf_append(b, s.p, s.len);
}

apr_status_t llmgw_buf_putc(llmgw_buf_t *b, char c)
{
    return llmgw_buf_append(b, &c, 1);
}

/* apr_vformatter fills a piece at a time, as it cannot say beforehand how much
 * room the buffer must make. */
typedef struct printer_t {
    apr_vformatter_buff_t vbuff;      /* first: apr hands this back */
    llmgw_buf_t *out;
    char piece[512];
} printer_t;

static int flush_piece(apr_vformatter_buff_t *vbuff)
{
    printer_t *pr = (printer_t *)vbuff;
    apr_size_t len = (apr_size_t)(vbuff->curpos - pr->piece);

    vbuff->curpos = pr->piece;
    return llmgw_buf_append(pr->out, pr->piece, len) == APR_SUCCESS ? 0 : -1;
}

apr_status_t llmgw_buf_printf(llmgw_buf_t *b, const char *fmt, ...)
{
    printer_t pr;
    va_list ap;

    pr.out = b;
    pr.vbuff.curpos = pr.piece;
    pr.vbuff.endpos = pr.piece + sizeof(pr.piece);
    va_start(ap, fmt);
    if (apr_vformatter(flush_piece, &pr.vbuff, fmt, ap) != -1) {
        flush_piece(&pr.vbuff);
    }
    va_end(ap);
    return b->failed;
}

void llmgw_buf_consume(llmgw_buf_t *b, apr_size_t len)
{
    if (len > b->len) {
        len = b->len;
    }
    if (len) {
        memmove(b->data, b->data + len, b->len - len);
        b->len -= len;
        b->data[b->len] = '\0';
    }
}

void llmgw_buf_clear(llmgw_buf_t *b)
{
    b->len = 0;
    b->failed = APR_SUCCESS;
    if (b->data) {
        b->data[0] = '\0';
    }
}

void llmgw_buf_free(llmgw_buf_t *b)
{
    put_memory(b->data, b->cap);
    b->data = NULL;
    b->len = 0;
    b->cap = 0;
    b->failed = APR_SUCCESS;
}
