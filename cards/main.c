#include "cards/registry.h"
#include "cards/settings.h"
#include "cards/worker.h"
#include "common/base/logger.h"

#include <stdio.h>

static cards_settings_t settings;

//  CATALOG.md is this.
static void
list_cards (FILE *out)
{
    static const char *const kinds[] = {"flow", "level", "gate", "slow"};
    static const char *const windows[] = {"[W]", "[W>=5m]", "[P]", "[X]", "[S]"};
    char hash[CATALOGUE_HASH_MAX];
    registry_hash (hash);
    (void) fprintf (out,
                    "# Cards\n\n%zu cards, catalogue %s.  [W]: votes at 1m, 5m, 1h and the mode's primary "
                    "window; [P]: one "
                    "value a mode; [X]: one for all.\n\n",
                    registry_count (), hash);
    (void) fprintf (out, "| id | category | card | kind | sign | windows | formula | source |\n"
                         "|---|---|---|---|---|---|---|---|\n");
    for (const card_t *card = registry_first (); card; card = registry_next (card)) {
        (void) fprintf (out, "| %u | %s | %s | %s%s%s | %s | %s | ", card->id, registry_category (card)->slug,
                        card->slug, kinds[card->kind], card->carrier ? " on " : "",
                        card->carrier ? card->carrier : "",
                        card->sign > 0   ? "+"
                        : card->sign < 0 ? "-"
                                         : "in the formula",
                        windows[card->windows]);
        for (const char *at = card->formula; *at; at++) //  a bar would end the cell
            (void) fprintf (out, "%s%c", *at == '|' ? "\\" : "", *at);
        (void) fprintf (out, " | %s |\n", card->source);
    }
}

static int
run (uint32_t index, uint32_t shards_count)
{
    error_text_t error = {{0}};
    process_t process;
    char name[PUBLISHER_NAME_MAX];
    (void) snprintf (name, sizeof name, "cards-%u", index + 1);
    if (process_open (&process, name, &settings.pipeline, NS_PER_S, &error) != OK) {
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
        return EXIT_UNAVAILABLE;
    }
    int code = EXIT_UNAVAILABLE;
    worker_t *worker = worker_new (&process, &settings, index, shards_count, &error);
    if (worker)
        code = process_run (&process);
    else
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
    worker_destroy (&worker);
    process_close (&process);
    return code;
}

int
main (int argc, char **argv)
{
    option_program_t program = {
        .name = "cards",
        .usage = "cards [-c FILE] [-s path=value] [INDEX/COUNT]",
        .about = "Computes the cards of a shard's instruments: events in, readings out.",
        .rows = cards_options,
        .rows_count = cards_options_count,
        .list = list_cards,
        .positional_min = 0,
        .positional_max = 1,
    };
    const char *positional[1] = {NULL};
    int positional_count = 0;
    registry_check ();
    int code = option_read (&program, argc, argv, &settings, positional, &positional_count);
    if (code >= 0)
        return code;
    logger_open ("cards", (log_level_t) settings.pipeline.log_level);
    error_text_t error = {{0}};
    if (pipeline_finish (&settings.pipeline, &error) != OK) {
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
        return EXIT_CONFIG_WRONG;
    }
    uint32_t index = 0, count = (uint32_t) settings.pipeline.shards;
    if (positional_count > 0) {
        if (worker_parse_shard (positional[0], &index, &count, &error) != OK) {
            logger_write (LOG_LEVEL_ERROR, "%s", error.text);
            return EXIT_USAGE_WRONG;
        }
    }
    if ((int64_t) count != settings.pipeline.shards) {
        logger_write (LOG_LEVEL_ERROR, "shard %s: pipeline/shards is %lld", positional[0],
                      (long long) settings.pipeline.shards);
        return EXIT_CONFIG_WRONG;
    }
    if (positional_count == 0 && count > 1) {
        logger_write (LOG_LEVEL_ERROR, "pipeline/shards is %u: say which one this is, as in cards 1/%u",
                      count, count);
        return EXIT_USAGE_WRONG;
    }
    return run (index, count);
}
