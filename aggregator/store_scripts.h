/*  store_scripts - the Lua that Redis runs for us, each one transaction
 *
 *  lease    KEYS lease x 3, fence x 3, epoch      ARGV owner, ttl ms, known fence x 3
 *           All three leases or none.  Returns {1, fence, fence, fence, epoch or ""} when we hold them
 *           (taking a free lease raises its fence, past the one we knew even if Redis was wiped), else {0,
 *           owner, "", "", ""}.
 *  release  KEYS lease x 3                        ARGV owner
 *  register KEYS epoch, fence, last_registered, due, row        ARGV fence, t, due, field, value, ...
 *  settle   KEYS epoch, fence, meta, due, row, then the keys of OPS    ARGV fence, version, t, then OPS
 *  restore  KEYS fence, then the keys of OPS      ARGV fence, then OPS
 *  prices   KEYS streams                          ARGV per stream: count, then ms, px, ...
 *  map      KEYS top, cumulative                  ARGV per key: count, then field, value, ...; each is replaced
 *
 *  OPS, one per key, in the order of the keys:
 *      "set"     count  field value ...      HSET, in chunks (Lua's unpack has a limit)
 *      "replace" count  field value ...      DEL, then HSET: small hashes keep the order they are written in
 *      "stream"  count  field value ...      XADD, about 20,000 kept
 *      "score"   count  score member ...     ZADD
 *      "text"    1      value                SET
 *
 *  Answers: "done", "known" (was done before: nothing changed), "stale" (version moved), "fenced" (someone
 *  else holds the lease), "wiped" (no epoch).  All checks stand before the first write, and the first write
 *  is one that a full Redis refuses: a script either runs to its end or changes nothing. */

#ifndef LEADLINE_AGGREGATOR_STORE_SCRIPTS_H
#define LEADLINE_AGGREGATOR_STORE_SCRIPTS_H

extern const char store_script_lease[];
extern const char store_script_release[];
extern const char store_script_register[];
extern const char store_script_settle[];
extern const char store_script_restore[];
extern const char store_script_prices[];
extern const char store_script_map[];

#endif
