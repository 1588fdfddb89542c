#include "aggregator/store_scripts.h"

//  local ops: runs OPS from ARGV[at] on KEYS[key], KEYS[key + 1], ...
#define RUN_OPS                                                                                              \
    "local function chunks(command, key, from, to)\n"                                                        \
    "  for i = from, to, 1000 do\n"                                                                          \
    "    redis.call(command, key, unpack(ARGV, i, math.min(i + 999, to)))\n"                                 \
    "  end\n"                                                                                                \
    "end\n"                                                                                                  \
    "local function run(key, at)\n"                                                                          \
    "  while at <= #ARGV do\n"                                                                               \
    "    local op, count = ARGV[at], tonumber(ARGV[at + 1])\n"                                               \
    "    local from, to = at + 2, at + 1 + count\n"                                                          \
    "    if op == 'set' then chunks('HSET', KEYS[key], from, to)\n"                                          \
    "    elseif op == 'replace' then\n"                                                                      \
    "      redis.call('DEL', KEYS[key])\n"                                                                   \
    "      chunks('HSET', KEYS[key], from, to)\n"                                                            \
    "    elseif op == 'stream' then\n"                                                                       \
    "      redis.call('XADD', KEYS[key], 'MAXLEN', '~', '20000', '*', unpack(ARGV, from, to))\n"             \
    "    elseif op == 'score' then chunks('ZADD', KEYS[key], from, to)\n"                                    \
    "    elseif op == 'text' then redis.call('SET', KEYS[key], ARGV[from])\n"                                \
    "    else error('unknown op') end\n"                                                                     \
    "    key, at = key + 1, to + 1\n"                                                                        \
    "  end\n"                                                                                                \
    "end\n"

const char store_script_lease[] =
    "for i = 1, 3 do\n"
    "  local owner = redis.call('GET', KEYS[i])\n"
    "  if owner and owner ~= ARGV[1] then return {0, owner, '', '', ''} end\n"
    "end\n"
    "local out = {1}\n"
    "for i = 1, 3 do\n"
    "  if redis.call('GET', KEYS[i]) then\n"
    "    redis.call('PEXPIRE', KEYS[i], ARGV[2])\n"
    "  else\n"
    "    redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2])\n"
    "    local fence = math.max(tonumber(redis.call('GET', KEYS[3 + i]) or '0'), tonumber(ARGV[2 + i])) + 1\n"
    "    redis.call('SET', KEYS[3 + i], string.format('%.0f', fence))\n"
    "  end\n"
    "  out[1 + i] = redis.call('GET', KEYS[3 + i]) or '0'\n"
    "end\n"
    "out[5] = redis.call('GET', KEYS[7]) or ''\n"
    "return out\n";

const char store_script_release[] =
    "for i = 1, #KEYS do\n"
    "  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end\n"
    "end\n"
    "return 'done'\n";

const char store_script_register[] =
    "if redis.call('EXISTS', KEYS[1]) == 0 then return 'wiped' end\n"
    "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'fenced' end\n"
    "local last = redis.call('GET', KEYS[3])\n"
    "if last and tonumber(ARGV[2]) <= tonumber(last) then return 'known' end\n"
    "for i = 4, #ARGV, 1000 do\n"
    "  redis.call('HSET', KEYS[5], unpack(ARGV, i, math.min(i + 999, #ARGV)))\n"
    "end\n"
    "redis.call('ZADD', KEYS[4], ARGV[3], ARGV[2])\n"
    "redis.call('SET', KEYS[3], ARGV[2])\n"
    "return 'done'\n";

const char store_script_settle[] =
    RUN_OPS "if redis.call('EXISTS', KEYS[1]) == 0 then return 'wiped' end\n"
            "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'fenced' end\n"
            "if (redis.call('HGET', KEYS[3], 'version') or '0') ~= ARGV[2] then return 'stale' end\n"
            "if not redis.call('ZSCORE', KEYS[4], ARGV[3]) then return 'known' end\n"
            "run(6, 4)\n"
            "redis.call('ZREM', KEYS[4], ARGV[3])\n"
            "redis.call('DEL', KEYS[5])\n"
            "return 'done'\n";

const char store_script_restore[] =
    RUN_OPS "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'fenced' end\n"
            "run(2, 2)\n"
            "return 'done'\n";

//  An id that is not newer than the last is an entry written before: passed over.
const char store_script_prices[] = "local at = 1\n"
                                   "for i = 1, #KEYS do\n"
                                   "  local count = tonumber(ARGV[at])\n"
                                   "  for j = at + 1, at + 2 * count, 2 do\n"
                                   "    local answer = redis.pcall('XADD', KEYS[i], 'MAXLEN', '~', '93600', "
                                   "ARGV[j] .. '-0', 'px', ARGV[j + 1])\n"
                                   "    if type(answer) == 'table' and answer.err and not "
                                   "string.find(answer.err, 'equal or smaller', 1, true) then\n"
                                   "      return answer\n"
                                   "    end\n"
                                   "  end\n"
                                   "  at = at + 1 + 2 * count\n"
                                   "end\n"
                                   "return 'done'\n";

//  An empty list leaves no key, as a hash without fields is none.
const char store_script_map[] = "redis.call('HSET', KEYS[2], 'ts_ms', '0')\n" //  a full Redis refuses this
                                "local at = 1\n"
                                "for i = 1, #KEYS do\n"
                                "  local count = tonumber(ARGV[at])\n"
                                "  redis.call('DEL', KEYS[i])\n"
                                "  if count > 0 then\n"
                                "    redis.call('HSET', KEYS[i], unpack(ARGV, at + 1, at + count))\n"
                                "  end\n"
                                "  at = at + 1 + count\n"
                                "end\n"
                                "return 'done'\n";
