/* options.h: arguments of the form name=value, by a table */
#ifndef LLMGW_HTTP_OPTIONS_H
#define LLMGW_HTTP_OPTIONS_H

#include <stddef.h>
#include <httpd.h>
#include <http_config.h>

/** What a value is, and what it is kept as. Negative or NULL: not set. */
typedef enum llmgw_option_e {
    LLMGW_OPTION_TIME,          /* 250ms, 5s, 10min; apr_interval_time_t */
    LLMGW_OPTION_TIME_OFF,      /* a TIME, or off: 0 */
    LLMGW_OPTION_COUNT,         /* a whole number; int */
    LLMGW_OPTION_PERCENT,       /* 20%; int */
    LLMGW_OPTION_WORD,          /* any text; const char * */
    LLMGW_OPTION_OFF,           /* the one word off instead of all others;
                                 * int, 0 once another was given */
    LLMGW_OPTION_SWITCH         /* one of the words on and off, beside others;
                                 * the table's first; int */
} llmgw_option_e;

/** One option. */
typedef struct llmgw_option_t {
    const char *name;
    llmgw_option_e type;
    apr_size_t offset;          /* of the member in the directive's struct */
    int min;                    /* of a COUNT or PERCENT */
    int max;
} llmgw_option_t;

/** A directive's options; the last one's name is NULL. */
typedef const llmgw_option_t llmgw_options_t[];

/** Nothing set. */
void llmgw_options_unset(const llmgw_option_t *options, void *out);

/** add over base, option by option. */
void llmgw_options_merge(const llmgw_option_t *options, void *out,
                         const void *base, const void *add);

/** Is there an option of this name? */
int llmgw_options_know(const llmgw_option_t *options, const char *name);

/**
 * Read one word.
 * @return NULL, or a sentence that names the directive and the range
 */
const char *llmgw_options_parse(const llmgw_option_t *options, void *out,
                                cmd_parms *cmd, const char *word);

/** Read all words of a directive; there must be one at least. */
const char *llmgw_options_parse_all(const llmgw_option_t *options, void *out,
                                    cmd_parms *cmd, int argc,
                                    char *const argv[]);

#endif /* LLMGW_HTTP_OPTIONS_H */
