/* standing.c: how targets, keys and routes stand, as all children know it */
#include <unistd.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_config.h>
#include <ap_mpm.h>
#include "llmgw/hash.h"
#include "balancer.h"
#include "config.h"
#include "routes.h"
#include "log.h"
#include "proxy_api.h"
#include "shared.h"
#include "standing.h"

#define RETAINED "llmgw-standing"

/* Room for more than there is, so that most reloads need no new board. */
#define SPARE_PLACES 64

/* What outlives a reading of the configuration. */
typedef struct memory_t {
    llmgw_shared_t shared;
    llmgw_board_room_t room;
} memory_t;

static llmgw_board_t board;
static int row = -1;            /* of this child */
static apr_hash_t *members;     /* int, by member_digest(): those of balancers
                                 * that are not ours */

/* ---- places ------------------------------------------------------------- */

static apr_uint64_t server_digest(const server_rec *s)
{
    apr_uint64_t digest = llmgw_hash_add(0, llmgw_str_of(s->server_hostname));

    return digest + s->port;
}

static apr_uint64_t provider_digest(const llmgw_provider_t *provider)
{
    apr_uint64_t digest = server_digest(provider->server);

    digest = llmgw_hash_add(digest, llmgw_str_of(provider->name));
    digest = llmgw_hash_add(digest, llmgw_str_of(provider->kind->name));
    return llmgw_hash_add(digest, llmgw_str_of(provider->url
                                               ? provider->url : ""));
}

static apr_uint64_t target_digest(const llmgw_route_t *route,
                                  const llmgw_target_t *t)
{
    const proxy_worker *member = t->member;     /* its name is the model's */
    apr_uint64_t digest = provider_digest(t->provider_data);

    digest = llmgw_hash_add(digest, llmgw_str_of(route->pattern));
    return llmgw_hash_add(digest, llmgw_str_of(member->s->name_ex));
}

/* The balancer's name and the member's are mod_proxy's own digests. */
static apr_uint64_t member_digest(const proxy_balancer *balancer,
                                  const proxy_worker *member)
{
    apr_uint64_t digest = balancer->hash.fnv;

    digest = llmgw_hash_mix((digest << 32) + balancer->hash.def);
    return llmgw_hash_mix(digest + member->hash.fnv
                          + ((apr_uint64_t)member->hash.def << 32));
}

/* What a server has to be given places for; see each_server(). */
typedef struct visit_t {
    int (*route)(llmgw_route_t *route, server_rec *s);
    int (*provider)(llmgw_provider_t *provider);
    int (*member)(const proxy_balancer *balancer, const proxy_worker *member);
} visit_t;

static int visit_balancer(const proxy_balancer *balancer,
                          const visit_t *visit)
{
    int i, good = 1;

    for (i = 0; i < balancer->workers->nelts && good; i++) {
        good = visit->member(balancer, APR_ARRAY_IDX(balancer->workers, i,
                                                     proxy_worker *));
    }
    return good;
}

static int visit_balancers(const server_rec *s, const visit_t *visit)
{
    const proxy_server_conf *conf
        = ap_get_module_config(s->module_config, &proxy_module);
    int i, good = 1;

    for (i = 0; i < conf->balancers->nelts && good; i++) {
        const proxy_balancer *balancer = &APR_ARRAY_IDX(conf->balancers, i,
                                                        proxy_balancer);

        if (!llmgw_balancer_is_route(balancer)) {
            good = visit_balancer(balancer, visit);
        }
    }
    return good;
}

static int visit_server(server_rec *s, const visit_t *visit)
{
    const llmgw_config_t *conf = llmgw_config_get(s);
    int i, good = 1;

    for (i = 0; i < conf->providers->nelts && good; i++) {
        llmgw_provider_t *provider = APR_ARRAY_IDX(conf->providers, i,
                                                   llmgw_provider_t *);

        if (provider->server == s) {
            good = visit->provider(provider);
        }
    }
    for (i = 0; i < conf->routes->nelts && good; i++) {
        llmgw_route_t *route = APR_ARRAY_IDX(conf->routes, i, llmgw_route_t *);

        if (llmgw_balancer_home(route) == s) {
            good = visit->route(route, s);
        }
    }
    return good;
}

/* Each provider and route once, inherited ones with the server that has them.
 * @return 0 as soon as one of the visits does */
static int each_server(server_rec *servers, const visit_t *visit)
{
    server_rec *s;

    for (s = servers; s; s = s->next) {
        if (!visit_server(s, visit) || !visit_balancers(s, visit)) {
            return 0;
        }
    }
    return 1;
}

/* A key that was changed begins anew. The digest stays where the key is. */
static int place_keys(llmgw_provider_t *provider, apr_uint64_t digest)
{
    int i;

    provider->key_slots = apr_pcalloc(provider->keys->pool,
                                      (provider->keys->nelts + 1)
                                      * sizeof(int));
    for (i = 0; i < provider->keys->nelts; i++) {
        llmgw_str_t key = llmgw_str_of(APR_ARRAY_IDX(provider->keys, i,
                                                     char *));

        provider->key_slots[i]
            = llmgw_board_place_key(&board, llmgw_hash_add(digest, key));
        if (provider->key_slots[i] < 0) {
            return 0;
        }
    }
    return 1;
}

static int place_provider(llmgw_provider_t *provider)
{
    apr_uint64_t digest = provider_digest(provider);

    provider->self->slot = llmgw_board_place_slot(&board, digest);
    provider->route_slot = llmgw_board_place_route(&board, digest);
    return provider->self->slot >= 0 && provider->route_slot >= 0
           && place_keys(provider, digest);
}

static int place_route(llmgw_route_t *route, server_rec *s)
{
    int i;

    route->slot
        = llmgw_board_place_route(&board,
                                  llmgw_hash_add(server_digest(s),
                                                 llmgw_str_of(route->pattern)));
    for (i = 0; i < route->targets->nelts; i++) {
        llmgw_target_t *t = APR_ARRAY_IDX(route->targets, i, llmgw_target_t *);

        t->slot = llmgw_board_place_slot(&board, target_digest(route, t));
        if (t->slot < 0) {
            return 0;
        }
    }
    return route->slot >= 0;
}

static int place_member(const proxy_balancer *balancer,
                        const proxy_worker *member)
{
    apr_uint64_t *digest = apr_palloc(apr_hash_pool_get(members),
                                      sizeof(*digest));
    int *place = apr_palloc(apr_hash_pool_get(members), sizeof(*place));

    *digest = member_digest(balancer, member);
    *place = llmgw_board_place_slot(&board, *digest);
    apr_hash_set(members, digest, sizeof(*digest), place);
    return *place >= 0;
}

/* ---- memory -------------------------------------------------------------- */

static llmgw_board_room_t needed;       /* while it is being counted */

static int count_provider(llmgw_provider_t *provider)
{
    needed.slots++;
    needed.routes++;
    needed.keys += (apr_uint32_t)provider->keys->nelts;
    return 1;
}

static int count_route(llmgw_route_t *route, server_rec *s LLMGW_UNUSED)
{
    needed.routes++;
    needed.slots += (apr_uint32_t)route->targets->nelts;
    return 1;
}

static int count_member(const proxy_balancer *balancer LLMGW_UNUSED,
                        const proxy_worker *member LLMGW_UNUSED)
{
    needed.slots++;
    return 1;
}

static const llmgw_board_room_t *count_room(server_rec *servers)
{
    static const visit_t counting = { count_route, count_provider,
                                      count_member };
    int children = 0;

    memset(&needed, 0, sizeof(needed));
    each_server(servers, &counting);
    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &children);
    needed.slots = 2 * needed.slots + SPARE_PLACES;
    needed.keys = 2 * needed.keys + SPARE_PLACES;
    needed.routes = 2 * needed.routes + SPARE_PLACES;
    needed.children = children > 0 ? (apr_uint32_t)children : 1;
    return &needed;
}

static int attach_board(const memory_t *memory)
{
    return llmgw_board_attach(&board, llmgw_shared_base(&memory->shared),
                              &memory->room) == APR_SUCCESS;
}

/* A new board with this room. */
static int make_board(memory_t *memory, const llmgw_board_room_t *room)
{
    memory->room = *room;
    return llmgw_shared_create(&memory->shared, llmgw_board_bytes(room))
           && attach_board(memory);
}

static int place_all(server_rec *servers)
{
    static const visit_t placing = { place_route, place_provider,
                                     place_member };

    llmgw_board_begin(&board);
    return each_server(servers, &placing);
}

const char *llmgw_standing_prepare(server_rec *servers, apr_pool_t *p)
{
    memory_t *memory = llmgw_shared_retain(RETAINED, sizeof(*memory));
    memory_t old = *memory;
    llmgw_board_t before;
    int has_old = old.shared.shm && attach_board(&old);

    members = apr_hash_make(p);
    if (has_old && place_all(servers)) {
        return NULL;
    }
    before = board;
    if (!make_board(memory, count_room(servers)) || !place_all(servers)) {
        return "there is not enough shared memory for the state of all "
               "targets";
    }
    if (has_old) {
        llmgw_board_carry(&board, &before);
        llmgw_shared_destroy(&old.shared);
    }
    return NULL;
}

/* ---- children ------------------------------------------------------------ */

void llmgw_standing_child_init(void)
{
    row = llmgw_board_claim(&board, (apr_uint32_t)getpid());
}

int llmgw_standing_has_row(void)
{
    return row >= 0;
}

void llmgw_standing_child_ended(pid_t pid)
{
    if (board.room.slots) {
        llmgw_board_reclaim(&board, (apr_uint32_t)pid);
    }
}

/* ---- access -------------------------------------------------------------- */

llmgw_slot_t *llmgw_standing_slot(const llmgw_target_t *target)
{
    return &board.slots[target->slot];
}

llmgw_cell_t *llmgw_standing_cell(const llmgw_target_t *target)
{
    return llmgw_board_cell(&board, row, target->slot);
}

llmgw_slot_t *llmgw_standing_member(const proxy_balancer *balancer,
                                    const proxy_worker *member,
                                    llmgw_cell_t **cell)
{
    apr_uint64_t digest = member_digest(balancer, member);
    const int *place = apr_hash_get(members, &digest, sizeof(digest));

    if (place && cell) {
        *cell = llmgw_board_cell(&board, row, *place);
    }
    return place ? &board.slots[*place] : NULL;
}

llmgw_key_slot_t *llmgw_standing_key(const llmgw_provider_t *provider, int i)
{
    return &board.keys[provider->key_slots[i]];
}

llmgw_route_slot_t *llmgw_standing_route(const llmgw_plan_t *plan)
{
    const llmgw_target_t *first;
    const llmgw_provider_t *provider;

    if (plan->route) {
        return &board.routes[plan->route->slot];
    }
    first = APR_ARRAY_IDX(plan->targets, 0, llmgw_target_t *);
    provider = first->provider_data;
    return &board.routes[provider->route_slot];
}

int llmgw_standing_detached(int change)
{
    static llmgw_word_t here;   /* with or without a row */

    if (row >= 0) {
        llmgw_word_add(&board.detached[row], (apr_uint64_t)change);
    }
    return (int)llmgw_word_add(&here, (apr_uint64_t)change) + change;
}

const llmgw_board_t *llmgw_standing_board(void)
{
    return &board;
}

llmgw_word_t *llmgw_standing_turn(const llmgw_provider_t *provider)
{
    return &board.routes[provider->route_slot].turn;
}
