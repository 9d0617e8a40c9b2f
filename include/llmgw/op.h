/* op.h: what a call wants done */
#ifndef LLMGW_OP_H
#define LLMGW_OP_H

typedef enum llmgw_op_e {
    LLMGW_OP_CHAT,              /* the dialect's own inference call */
    LLMGW_OP_MODELS,            /* list of models; also used as health check */
    LLMGW_OP_COUNT,             /* tokens of a prompt, see count.h */
    LLMGW_OP_EMBED,             /* vectors for texts, see embed.h */
    LLMGW_OP_RAW                /* any other: the path says which */
} llmgw_op_e;

#endif /* LLMGW_OP_H */
