/* load_options.c: what the load generator is told to do */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "load_options.h"

static const struct option names[] = {
    { "url", required_argument, NULL, 'u' },
    { "model", required_argument, NULL, 'm' },
    { "header", required_argument, NULL, 'h' },
    { "connections", required_argument, NULL, 'c' },
    { "seconds", required_argument, NULL, 's' },
    { "rate", required_argument, NULL, 'r' },
    { "spread", required_argument, NULL, 'p' },
    { "body-bytes", required_argument, NULL, 'b' },
    { "leave", required_argument, NULL, 'l' },
    { "echo", no_argument, NULL, 'e' },
    { NULL, 0, NULL, 0 }
};

static void die(const char *what, const char *which)
{
    fprintf(stderr, "load: %s: %s\n", what, which);
    exit(1);
}

static void add_model(load_options_t *o, const char *name)
{
    const char *tokens = strstr(name, "-t");

    if (o->models_count == MODELS_MAX) {
        die("one model too many", name);
    }
    o->models[o->models_count].name = name;
    o->models[o->models_count++].tokens =
        tokens ? (unsigned int)strtoul(tokens + 2, NULL, 10) : 0;
}

static void add_target(load_options_t *o, const char *url)
{
    if (o->targets_count == TARGETS_MAX
        || target_parse(&o->targets[o->targets_count++], url)) {
        die("not http[s]://A.B.C.D:PORT/PATH, or one too many", url);
    }
    o->is_anthropic = strstr(url, "/messages") != NULL;
}

static void add_header(load_options_t *o, const char *header)
{
    size_t len = strlen(o->headers);

    if (len + strlen(header) + 3 > sizeof(o->headers)) {
        die("no room for the header", header);
    }
    sprintf(o->headers + len, "%s\r\n", header);
}

static void read_mode(load_options_t *o, const char *name)
{
    static const char *const modes[] = { "closed", "rate", "streams", "churn" };
    unsigned int i;

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(name, modes[i]) == 0) {
            o->mode = (mode_e)i;
            o->mode_name = modes[i];
            return;
        }
    }
    die("no such mode", name);
}

static void read_option(load_options_t *o, int option)
{
    switch (option) {
    case 'u':
        add_target(o, optarg);
        break;
    case 'm':
        add_model(o, optarg);
        break;
    case 'h':
        add_header(o, optarg);
        break;
    case 'c':
        o->connections = (unsigned int)strtoul(optarg, NULL, 10);
        break;
    case 's':
        o->seconds = atof(optarg);
        break;
    case 'r':
        o->rate = atof(optarg);
        break;
    case 'p':
        o->spread = atof(optarg);
        break;
    case 'b':
        o->body_bytes = strtoul(optarg, NULL, 10);
        break;
    case 'l':
        o->leave_percent = atol(optarg);
        break;
    case 'e':
        o->is_echo = 1;
        break;
    default:
        exit(1);
    }
}

void load_options_read(load_options_t *o, int argc, char **argv)
{
    int option;

    memset(o, 0, sizeof(*o));
    o->spread = 1;
    o->leave_within = 5 * 1000000000L;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        read_option(o, option);
    }
    read_mode(o, optind < argc ? argv[optind] : "(none)");
    if (!o->targets_count || !o->models_count || !o->connections) {
        die("missing", "--url, --model and --connections are needed");
    }
    if (o->mode != MODE_STREAMS && o->seconds <= 0) {
        die("missing", "--seconds");
    }
    if (o->mode == MODE_RATE && o->rate <= 0) {
        die("missing", "--rate");
    }
}
