/* test_breaker.c: the circuit breaker's states, as scripts */
#include "llmgw/breaker.h"
#include "unit.h"

/*
 * A script is words; each that causes a change of state says so at its end,
 * and no other may:
 *   @N      the time is N milliseconds (of the script, from START on)
 *   +a      call a (a letter) gets permission; +a>half-open: and a change
 *   !a      it is refused
 *   a=s     call a reports: s success, f failure, n neutral, S and F the same
 *           after slow_usec
 *   8*s     eight calls ask and report, one after the other; a change is
 *           expected of the last one
 *   ?open   that is the state
 *   #9/3/1  within the window are 9 outcomes, 3 failures, 1 slow
 *   %2/1    2 probes in flight, 1 success of a probe
 *   =open   the state is set by hand
 */
#define START APR_TIME_C(1750000002000000)  /* a bucket of 3 s begins */

static const llmgw_breaker_conf_t standard = LLMGW_BREAKER_CONF_INIT;

typedef struct run_t {
    const char *name;
    llmgw_breaker_t b;
    const llmgw_breaker_conf_t *conf;
    llmgw_permit_t permits[26];
    llmgw_word_t held;
    apr_time_t now;
} run_t;

static void check_change(const run_t *run, const char *word,
                         const llmgw_breaker_change_t *change)
{
    const char *want = strchr(word, '>');
    const char *got = change->reason
                      ? llmgw_breaker_state_name(change->to) : "none";

    want = want ? want + 1 : "none";
    ck_assert_msg(!strcmp(got, want), "%s: %s: change is %s (%s)", run->name,
                  word, got, change->reason
                  ? llmgw_breaker_describe(change, unit_pool) : "");
}

static void report(run_t *run, llmgw_permit_t *permit, char how,
                   llmgw_breaker_change_t *change)
{
    int slow = how == 'S' || how == 'F';
    llmgw_breaker_e outcome = how == 'n' ? LLMGW_BREAKER_NEUTRAL
                              : how == 'f' || how == 'F'
                              ? LLMGW_BREAKER_FAILURE : LLMGW_BREAKER_SUCCESS;

    llmgw_breaker_report(&run->b, run->conf, &run->held, permit, outcome,
                         slow ? run->conf->slow_usec : 1000, run->now, change);
}

static void ask(run_t *run, const char *word, int want)
{
    llmgw_breaker_change_t change;
    int peeked = llmgw_breaker_peek(&run->b, run->conf, run->now);
    int got = llmgw_breaker_acquire(&run->b, run->conf, &run->held, run->now,
                                    &run->permits[word[1] - 'a'], &change);

    ck_assert_msg(got == want, "%s: %s: %d", run->name, word, got);
    ck_assert_int_eq(peeked, got);
    check_change(run, word, &change);
}

static void repeat(run_t *run, const char *word)
{
    int n = atoi(word);
    char how = strchr(word, '*')[1];
    llmgw_breaker_change_t change;
    llmgw_permit_t permit;

    while (n--) {
        ck_assert_msg(llmgw_breaker_acquire(&run->b, run->conf, &run->held,
                                            run->now, &permit, &change),
                      "%s: %s: refused with %d to go", run->name, word, n + 1);
        ck_assert_int_eq(change.reason, LLMGW_BREAKER_UNCHANGED);
        report(run, &permit, how, &change);
        check_change(run, n ? "" : word, &change);
    }
}

static void check_state(const run_t *run, const char *word)
{
    llmgw_breaker_view_t view;
    const char *got;
    unsigned int a, b, c;

    llmgw_breaker_get(&run->b, run->conf, run->now, &view);
    got = llmgw_breaker_state_name(view.state);
    if (*word == '?') {
        ck_assert_msg(!strcmp(got, word + 1), "%s: %s: %s", run->name, word,
                      got);
    }
    else if (*word == '#') {
        ck_assert_int_eq(sscanf(word, "#%u/%u/%u", &a, &b, &c), 3);
        ck_assert_msg(view.counts.total == a && view.counts.failed == b
                      && view.counts.slow == c, "%s: %s: %u/%u/%u", run->name,
                      word, view.counts.total, view.counts.failed,
                      view.counts.slow);
    }
    else {
        ck_assert_int_eq(sscanf(word, "%%%u/%u", &a, &b), 2);
        ck_assert_msg(view.probes == a && view.successes == b,
                      "%s: %s: %u/%u", run->name, word, view.probes,
                      view.successes);
    }
}

static void set_by_hand(run_t *run, const char *word)
{
    llmgw_breaker_change_t change;
    int state;

    for (state = 0; strcmp(llmgw_breaker_state_name(state), word + 1);
         state++) {
        ck_assert_int_lt(state, 5);
    }
    llmgw_breaker_set(&run->b, state, run->now, &change);
}

static void step(run_t *run, const char *word)
{
    llmgw_breaker_change_t change;

    switch (*word) {
    case '@':
        run->now = START + atol(word + 1) * 1000;
        break;
    case '+':
        ask(run, word, 1);
        break;
    case '!':
        ask(run, word, 0);
        break;
    case '?':
    case '#':
    case '%':
        check_state(run, word);
        break;
    case '=':
        set_by_hand(run, word);
        break;
    default:
        if (word[1] == '=') {
            report(run, &run->permits[*word - 'a'], word[2], &change);
            check_change(run, word, &change);
            break;
        }
        repeat(run, word);
    }
}

static void play(const char *name, const char *script,
                 const llmgw_breaker_conf_t *conf)
{
    run_t run;
    char *rest = apr_pstrdup(unit_pool, script), *word;

    memset(&run, 0, sizeof(run));
    run.name = name;
    run.conf = conf;
    run.now = START;
    /* state names with a space are written with an underscore */
    while ((word = strtok_r(rest, " ", &rest)) != NULL) {
        char *c = strchr(word, '_');

        if (c) {
            *c = ' ';
        }
        step(&run, word);
    }
}

typedef struct script_t {
    const char *name;
    const char *text;
} script_t;

static void play_all(const script_t *scripts, size_t n,
                     const llmgw_breaker_conf_t *conf)
{
    size_t i;

    for (i = 0; i < n; i++) {
        play(scripts[i].name, scripts[i].text, conf);
    }
}

#define PLAY_ALL(scripts, conf) \
    play_all(scripts, sizeof(scripts) / sizeof(scripts[0]), conf)

/* ratio=20% min=10 window=30s open=10s probes=5 slow=30s slow-ratio=50% */
static const script_t closed[] = {
    { "new", "?closed #0/0/0 +a a=s #1/0/0" },
    { "below min, nothing opens it", "9*f ?closed #9/9/0" },
    { "min reached by a failure", "9*f 1*f>open" },
    { "min reached by a success", "2*f 7*s 1*s>open" },
    { "just below the share", "8*s 1*f 1*s 100*s ?closed" },
    { "just the share", "8*s 1*f 1*f>open" },
    { "the share falls with successes", "30*s 5*f ?closed #35/5/0" },
    { "neutral outcomes count nothing", "100*n #0/0/0 9*f 50*n ?closed" },
    { "open refuses", "10*f>open !a !b @9999 !a ?open" },
    { "slow calls", "4*s 1*S 4*S 1*S>open" },
    { "a share of slow calls",
      "5*s 4*S 1*s #10/0/4 ?closed 1*S #11/0/5 1*S>open" },
    { "slow failures are failures", "8*s 1*F #9/1/1 1*F>open" },
    { "slow neutral ones are neither", "20*s +a a=n #20/0/0" },
};

START_TEST(test_closed)
{
    PLAY_ALL(closed, &standard);
}
END_TEST

static const script_t windows[] = {
    { "outcomes age", "9*f @29999 #9/9/0 @30001 #0/0/0 1*f ?closed #1/1/0" },
    { "bucket by bucket",
      "1*f @3000 1*f @6000 1*f @29000 #3/3/0 @30500 #2/2/0 @33500 #1/1/0 "
      "@36500 #0/0/0" },
    { "long idle", "9*f @3600000 #0/0/0 9*f #9/9/0 1*f>open" },
    { "each bucket is used",
      "1*s @3000 1*s @6000 1*s @9000 1*s @12000 1*s @15000 1*s @18000 1*s "
      "@21000 1*s @24000 1*s @27000 1*s #10/0/0 @30000 1*s #10/0/0" },
    { "just what is in the window opens it",
      "9*f @30001 8*s ?closed 1*f 1*f>open" },
};

START_TEST(test_window)
{
    PLAY_ALL(windows, &standard);
}
END_TEST

static const script_t half_open[] = {
    { "opens, waits, probes, closes",
      "10*f>open @10000 +a>half-open ?half-open +b +c +d +e !f %5/0 "
      "a=s b=s c=s d=s %1/4 +f %2/4 e=s>closed ?closed #0/0/0 +g g=s #1/0/0" },
    { "one failure reopens", "10*f>open @10000 +a>half-open +b a=s b=f>open "
      "!c @19999 !c @20000 +c>half-open %1/0" },
    { "a slow probe reopens", "10*f>open @10000 +a>half-open a=S>open" },
    { "a slow failure reopens", "10*f>open @10000 +a>half-open a=F>open" },
    { "neutral probes release their place",
      "10*f>open @10000 +a>half-open +b +c +d +e !f a=n %4/0 +f %5/0 !g "
      "b=n c=n d=n e=n f=n %0/0 ?half-open +a %1/0" },
    { "only successes count", "10*f>open @10000 +a>half-open a=n +a a=s +a a=n "
      "+a a=s +a a=s +a a=s %0/4 +a a=s>closed" },
    { "places go to others as they get free: long answers block none",
      "10*f>open @10000 +a>half-open +b +c +d b=s +e c=s +f d=s +g "
      "%4/3 e=s %3/4 f=s>closed g=s a=s #0/0/0" },
};

START_TEST(test_half_open)
{
    PLAY_ALL(half_open, &standard);
}
END_TEST

static const script_t generations[] = {
    { "closed calls that end while open or later", "+a +b +c +d 10*f>open a=f "
      "@10000 +x>half-open b=f c=s %1/0 x=s +x x=s +x x=s +x x=s +x x=s>closed "
      "d=f #0/0/0" },
    { "probes of an older half-open state",
      "10*f>open @10000 +a>half-open +b +c a=f>open b=s c=f @20000 "
      "+d>half-open %1/0 c=s %1/0" },
    { "a late failure does not reopen",
      "10*f>open @10000 +a>half-open +b +c +d +e a=s +z b=s c=s d=s e=s>closed "
      "z=f ?closed #0/0/0" },
    { "a neutral one of an older state frees no place",
      "10*f>open @10000 +a>half-open +b a=f>open @20000 +c>half-open +d +e +f "
      "+g !h b=n !h" },
};

START_TEST(test_generations)
{
    PLAY_ALL(generations, &standard);
}
END_TEST

static const script_t clocks[] = {
    { "a little back: the window keeps most",
      "@60000 5*s @57500 1*s #1/0/0 @60000 #6/0/0" },
    { "far back: what was counted then is dropped, and counting goes on",
      "@3600000 9*f @0 #0/0/0 9*f #9/9/0 1*f>open" },
    { "back by just the window: held up threads change nothing",
      "@60000 3*s @30000 5*f #0/0/0 @60000 #3/0/0" },
    { "open, a little back: it waits", "@60000 10*f>open @59990 !a @69999 !a "
      "@70000 +a>half-open" },
    { "open, back by less than open=: at most twice as long",
      "@60000 10*f>open @51000 !a @60000 !a @70000 +a>half-open" },
    { "open, far back: not for ever", "@3600000 10*f>open @0 +a>half-open" },
    { "the stamp wraps after 49 days",
      "@4000000000 10*f>open @4000009000 !a @4000010000 +a>half-open" },
};

START_TEST(test_clocks)
{
    PLAY_ALL(clocks, &standard);
}
END_TEST

static const script_t hands[] = {
    { "forced open stays", "=forced_open !a @3600000 !a ?forced_open =closed "
      "+a a=s ?closed" },
    { "forced closed passes all and counts none",
      "=forced_closed 50*f ?forced_closed #0/0/0 =closed #0/0/0 9*f ?closed" },
    { "reset", "9*f =closed #0/0/0 9*f 1*f>open =closed ?closed 9*f ?closed" },
    { "open by hand", "=open !a @10000 +a>half-open" },
    { "half-open by hand", "=half-open +a +b +c +d +e !f" },
    { "calls under way do not count after", "+a =closed a=f #0/0/0 +b "
      "=forced_open b=f ?forced_open =half-open +c =forced_open c=s c=n "
      "?forced_open" },
};

START_TEST(test_by_hand)
{
    llmgw_breaker_change_t change;
    llmgw_breaker_t b;

    PLAY_ALL(hands, &standard);
    memset(&b, 0, sizeof(b));
    llmgw_breaker_set(&b, LLMGW_BREAKER_CLOSED, START, &change);
    ck_assert_int_eq(change.reason, LLMGW_BREAKER_UNCHANGED);
    llmgw_breaker_set(&b, LLMGW_BREAKER_FORCED_OPEN, START, &change);
    ck_assert_int_eq(change.reason, LLMGW_BREAKER_SET);
    ck_assert_str_eq(llmgw_breaker_describe(&change, unit_pool),
                     "closed -> forced open: set by hand");
}
END_TEST

START_TEST(test_settings)
{
    llmgw_breaker_conf_t conf = standard;

    conf.off = 1;
    play("off", "100*f ?closed #0/0/0 =open +a a=f =forced_open +a a=f", &conf);
    conf = standard;
    conf.slow_usec = 0;
    play("nothing is slow", "5*s 20*S ?closed #25/0/0", &conf);
    conf = standard;
    conf.probes = 1;
    play("one probe", "10*f>open @10000 +a>half-open !b a=n +b b=s>closed",
         &conf);
    conf.min = 1;
    conf.percent = 100;
    play("min=1 ratio=100%", "1*f>open =closed 1*s 50*f ?closed", &conf);
    conf.probes = LLMGW_BREAKER_PROBES_MAX;
    conf.open_usec = 1000;
    play("many probes", "1*f>open @1 +a>half-open a=s 98*s 1*s>closed", &conf);
    conf.window_usec = 0;
    play("no window", "1*s 3*f #4/3/0 @1 #0/0/0", &conf);
}
END_TEST

/* A full bucket keeps its shares. */
START_TEST(test_saturation)
{
    llmgw_breaker_conf_t conf = standard;
    llmgw_breaker_view_t view;
    llmgw_breaker_change_t change;
    llmgw_permit_t permit = { 0, 0 };
    llmgw_breaker_t b;
    int i;

    memset(&b, 0, sizeof(b));
    conf.percent = 26;
    for (i = 0; i < 100000; i++) {
        llmgw_breaker_report(&b, &conf, NULL, &permit,
                             i % 4 == 3 ? LLMGW_BREAKER_FAILURE
                             : LLMGW_BREAKER_SUCCESS,
                             i % 8 == 0 ? conf.slow_usec : 0, START, &change);
        ck_assert_int_eq(change.reason, LLMGW_BREAKER_UNCHANGED);
    }
    llmgw_breaker_get(&b, &conf, START, &view);
    ck_assert_uint_gt(view.counts.total, 8000);
    ck_assert_uint_lt(view.counts.total, 16384);
    ck_assert_int_lt(abs((int)(view.counts.failed * 1000 / view.counts.total)
                         - 250), 2);
    ck_assert_int_lt(abs((int)(view.counts.slow * 1000 / view.counts.total)
                         - 125), 2);
}
END_TEST

static void open_and_probe(llmgw_breaker_t *b, llmgw_word_t *held, int probes,
                           llmgw_permit_t *permit)
{
    llmgw_breaker_change_t change;

    llmgw_breaker_set(b, LLMGW_BREAKER_HALF_OPEN, START, &change);
    while (probes--) {
        ck_assert(llmgw_breaker_acquire(b, &standard, held, START, permit,
                                        &change));
    }
}

static unsigned int probes_of(const llmgw_breaker_t *b)
{
    llmgw_breaker_view_t view;

    llmgw_breaker_get(b, &standard, START, &view);
    return view.probes;
}

/* A dead process's probes are released, once, and only its own. */
START_TEST(test_reclaim)
{
    llmgw_breaker_t b;
    llmgw_word_t dead = 0, living = 0;
    llmgw_permit_t permit;
    llmgw_breaker_change_t change;

    memset(&b, 0, sizeof(b));
    open_and_probe(&b, &dead, 3, &permit);
    ck_assert(llmgw_breaker_acquire(&b, &standard, &living, START, &permit,
                                    &change));
    ck_assert_uint_eq(probes_of(&b), 4);
    llmgw_breaker_reclaim(&b, &dead);
    ck_assert_uint_eq(probes_of(&b), 1);
    ck_assert(dead == 0);
    llmgw_breaker_reclaim(&b, &dead);
    ck_assert_uint_eq(probes_of(&b), 1);
    /* it died after it had counted and before the breaker did */
    dead = living;
    llmgw_breaker_reclaim(&b, &dead);
    ck_assert_uint_eq(probes_of(&b), 0);
    llmgw_breaker_report(&b, &standard, &living, &permit,
                         LLMGW_BREAKER_NEUTRAL, 0, START, &change);
    ck_assert_uint_eq(probes_of(&b), 0);
    /* probes of a generation that is over */
    open_and_probe(&b, &dead, 2, &permit);
    open_and_probe(&b, &living, 1, &permit);
    llmgw_breaker_reclaim(&b, &dead);
    ck_assert_uint_eq(probes_of(&b), 1);
    llmgw_breaker_set(&b, LLMGW_BREAKER_CLOSED, START, &change);
    llmgw_breaker_reclaim(&b, &living);
    ck_assert_uint_eq(probes_of(&b), 0);
}
END_TEST

/* What a process holds is of the newest generation. */
START_TEST(test_held)
{
    llmgw_breaker_t b;
    llmgw_word_t held = 0;
    llmgw_permit_t first, second;
    llmgw_breaker_change_t change;

    memset(&b, 0, sizeof(b));
    open_and_probe(&b, &held, 2, &first);
    open_and_probe(&b, &held, 1, &second);
    llmgw_breaker_report(&b, &standard, &held, &first, LLMGW_BREAKER_SUCCESS,
                         0, START, &change);
    ck_assert_uint_eq((apr_uint32_t)held, 1);
    llmgw_breaker_report(&b, &standard, &held, &second, LLMGW_BREAKER_SUCCESS,
                         0, START, &change);
    ck_assert_uint_eq((apr_uint32_t)held, 0);
    /* a thread that is late by a generation leaves the newer count alone */
    held = (apr_uint64_t)(second.generation + 1) << 32 | 2;
    ck_assert(llmgw_breaker_acquire(&b, &standard, &held, START, &first,
                                    &change));
    ck_assert_uint_eq((apr_uint32_t)held, 2);
}
END_TEST

START_TEST(test_carry)
{
    llmgw_breaker_t old, new;
    llmgw_breaker_view_t view;
    llmgw_permit_t permit;
    llmgw_breaker_change_t change;

    memset(&old, 0, sizeof(old));
    open_and_probe(&old, NULL, 3, &permit);
    llmgw_breaker_report(&old, &standard, NULL, &permit,
                         LLMGW_BREAKER_SUCCESS, 0, START, &change);
    llmgw_breaker_carry(&new, &old);
    llmgw_breaker_get(&new, &standard, START, &view);
    ck_assert_int_eq(view.state, LLMGW_BREAKER_HALF_OPEN);
    ck_assert_uint_eq(view.probes, 0);
    ck_assert_uint_eq(view.successes, 1);

    memset(&old, 0, sizeof(old));
    permit.is_probe = 0;
    permit.generation = 0;
    llmgw_breaker_report(&old, &standard, NULL, &permit,
                         LLMGW_BREAKER_FAILURE, 0, START, &change);
    llmgw_breaker_carry(&new, &old);
    llmgw_breaker_get(&new, &standard, START, &view);
    ck_assert_uint_eq(view.counts.failed, 1);
}
END_TEST

static const char *describe(llmgw_breaker_reason_e reason,
                            llmgw_breaker_state_e from,
                            llmgw_breaker_state_e to)
{
    llmgw_breaker_change_t change = { reason, from, to, { 0, 0, 0 } };

    if (reason == LLMGW_BREAKER_FAILURES || reason == LLMGW_BREAKER_SLOW) {
        change.counts.total = 20;
        change.counts.failed = 6;
        change.counts.slow = 11;
    }
    return llmgw_breaker_describe(&change, unit_pool);
}

START_TEST(test_words)
{
    ck_assert_str_eq(describe(LLMGW_BREAKER_FAILURES, LLMGW_BREAKER_CLOSED,
                              LLMGW_BREAKER_OPEN),
                     "closed -> open: 6 of 20 calls failed (30%)");
    ck_assert_str_eq(describe(LLMGW_BREAKER_SLOW, LLMGW_BREAKER_CLOSED,
                              LLMGW_BREAKER_OPEN),
                     "closed -> open: 11 of 20 calls were slow (55%)");
    ck_assert_str_eq(describe(LLMGW_BREAKER_WAITED, LLMGW_BREAKER_OPEN,
                              LLMGW_BREAKER_HALF_OPEN),
                     "open -> half-open: it is time to probe");
    ck_assert_str_eq(describe(LLMGW_BREAKER_PROBES, LLMGW_BREAKER_HALF_OPEN,
                              LLMGW_BREAKER_CLOSED),
                     "half-open -> closed: the probes succeeded");
    ck_assert_str_eq(describe(LLMGW_BREAKER_PROBE_FAILED,
                              LLMGW_BREAKER_HALF_OPEN, LLMGW_BREAKER_OPEN),
                     "half-open -> open: a probe failed");
    ck_assert_str_eq(describe(LLMGW_BREAKER_PROBE_SLOW,
                              LLMGW_BREAKER_HALF_OPEN, LLMGW_BREAKER_OPEN),
                     "half-open -> open: a probe was slow");
    ck_assert_str_eq(llmgw_breaker_state_name(99), "unknown");
}
END_TEST

START_TEST(test_wait)
{
    llmgw_breaker_t b;
    llmgw_breaker_view_t view;
    llmgw_breaker_change_t change;

    memset(&b, 0, sizeof(b));
    llmgw_breaker_set(&b, LLMGW_BREAKER_OPEN, START, &change);
    llmgw_breaker_get(&b, &standard, START + 4000000, &view);
    ck_assert(view.wait_usec == 6000000);
    llmgw_breaker_get(&b, &standard, START + 40000000, &view);
    ck_assert(view.wait_usec == 0);
}
END_TEST

UNIT_MAIN("breaker", test_closed, test_window, test_half_open,
          test_generations, test_clocks, test_by_hand, test_settings,
          test_saturation, test_reclaim, test_held, test_carry, test_words,
          test_wait)
