# Leadline.  `make help` lists the targets.

BUILD ?= release
O     ?= build/$(BUILD)
V     ?= 0
Q     := $(if $(filter 1,$(V)),,@)

CC  := $(if $(filter fuzz,$(BUILD)),clang,gcc)
CXX := $(if $(filter fuzz,$(BUILD)),clang++,g++)

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
CWARN := $(WARN) -Wstrict-prototypes -Wmissing-prototypes
OPT_release := -O2
OPT_debug   := -O0
OPT_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT_tsan    := -O1 -fsanitize=thread
OPT_fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
OPT_cov     := -O0 --coverage
FLAGS  := -g $(OPT_$(BUILD)) -ffp-contract=off -D_GNU_SOURCE -I. -MMD -MP
CFLAGS := -std=c11 $(FLAGS) $(CWARN)
CXXFLAGS := -std=c++17 $(FLAGS) $(WARN)
#  Only the command draws pictures and asks over HTTP.
CLIENT_LIBS := -lcurl -ljansson -lcairo -lfontconfig
LIBS := -lczmq -lzmq -lmsgpackc -lhiredis -lwebsockets -luv -lsimdjson -lssl -lcrypto -lzstd -lz -lm -lpthread

PROGRAMS := ingest simulator cards aggregator publisher leadline

# Sources are found, not listed: a new adapter, category or sink needs no edit here.
COMMON     := $(wildcard common/base/*.c common/wire/*.c common/run/*.c)
INGEST     := $(wildcard ingest/*.c ingest/*.cc ingest/adapters/*.c)
SIMULATOR  := $(wildcard ingest/simulator/*.c)
CARDS      := $(wildcard cards/*.c cards/categories/*.c)
AGGREGATOR := $(wildcard aggregator/*.c)
PUBLISHER  := $(wildcard publisher/*.c publisher/sinks/*.c)
LEADLINE   := $(wildcard publisher/cli/*.c)
SUPPORT    := $(wildcard tests/support/*.c) $(filter-out tests/score/score_map.c,$(wildcard tests/score/*.c))

objects = $(patsubst %,$(O)/%.o,$(basename $(1)))
library = $(filter-out %/main.o,$(call objects,$(1)))

.PHONY: all
all: $(PROGRAMS:%=$(O)/bin/%) web

$(O)/bin/ingest:     $(call objects,$(INGEST) $(COMMON))
$(O)/bin/simulator:  $(call objects,$(SIMULATOR) $(COMMON)) $(call library,$(INGEST))
$(O)/bin/cards:      $(call objects,$(CARDS) $(COMMON))
$(O)/bin/aggregator: $(call objects,$(AGGREGATOR) $(COMMON))
$(O)/bin/publisher:  $(call objects,$(PUBLISHER) $(COMMON))
$(O)/bin/leadline:   $(call objects,$(LEADLINE) $(COMMON))
$(PROGRAMS:%=$(O)/bin/%):
	@mkdir -p $(@D)
	@echo "  link $@"
	$(Q)$(CXX) $(OPT_$(BUILD)) -o $@ $^ $(LIBS)

$(O)/bin/leadline: LIBS += $(CLIENT_LIBS)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<
$(O)/%.o: %.cc
	@mkdir -p $(@D)
	$(Q)$(CXX) $(CXXFLAGS) -c -o $@ $<

# Loops over bins: where vectors pay; nothing there looks at floating-point traps.
$(O)/cards/liquidation_grid.o $(O)/publisher/heatmap_column.o $(O)/publisher/heatmap_read.o: CFLAGS += $(if $(filter release,$(BUILD)),-O3 -fno-trapping-math)

# The text of the API's description is put into the program as it is.
$(O)/publisher/openapi.o: publisher/openapi.json

# The dashboard: our own files and the chart library, side by side, as the publisher serves them.
WEB     := $(wildcard publisher/web/*.html publisher/web/*.js publisher/web/*.css publisher/web/*.svg)
MODULES := build/web-modules
.PHONY: web
web: build/web/.built ## the dashboard, ready to be served
$(MODULES)/.installed: publisher/web/package.json publisher/web/package-lock.json publisher/web/.npmrc
	@mkdir -p $(@D) && cp $^ $(@D)
	@echo "  npm ci"
	$(Q)cd $(@D) && npm ci --ignore-scripts --no-progress --loglevel=error >npm.log && touch $(@F)
build/web/.built: $(WEB) $(MODULES)/.installed
	@rm -rf $(@D) && mkdir -p $(@D) && cp $(WEB) $(@D)
	$(Q)cp $(MODULES)/node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.mjs $(@D)
	$(Q)(echo '<!doctype html><title>Lightweight Charts: licence</title><pre>'; \
	    sed 's/&/\&amp;/g; s/</\&lt;/g' $(MODULES)/node_modules/lightweight-charts/LICENSE) >$(@D)/lightweight-charts.licence.html
	@touch $@

# Test programs: every tests/<layer>/test_*.c links with everything but the mains.
TESTED := $(call library,$(COMMON) $(INGEST) $(SIMULATOR) $(CARDS) $(AGGREGATOR) $(PUBLISHER) $(LEADLINE)) \
          $(call objects,$(SUPPORT))
$(O)/tests/libtested.a: $(TESTED)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^
$(O)/tests/%: $(O)/tests/%.o $(O)/tests/libtested.a
	@mkdir -p $(@D)
	$(Q)$(CXX) $(OPT_$(BUILD)) -o $@ $(filter %.o,$^) $(O)/tests/libtested.a -lcmocka $(LIBS) $(CLIENT_LIBS)

.SECONDARY:

# --- layers of tests: every tests/<layer>/test_*.c is a program, every test_*.py a script
programs_of = $(patsubst %.c,$(O)/%,$(wildcard tests/$(1)/test_*.c))
scripts_of  = $(wildcard tests/$(1)/test_*.py)
LAYERS := unit conformance property integration
T ?= test_
.PHONY: $(LAYERS) check test test-build fuzz-replay
test-build: all $(foreach layer,$(LAYERS),$(call programs_of,$(layer)))
$(LAYERS): test-build
	@O=$(O) tests/run $@ $(filter $(O)/tests/$@/$(T)%,$(call programs_of,$@)) $(filter tests/$@/$(T)%,$(call scripts_of,$@))

check: deps ## unit and conformance tests
	@$(MAKE) --no-print-directory unit conformance

test: deps ## everything: all layers, fuzz corpora, and all of it again under the sanitizers
	@$(MAKE) --no-print-directory layers symbols docs-check
	@$(MAKE) --no-print-directory -j2 test-build
	@$(MAKE) --no-print-directory $(LAYERS) fuzz-replay
	@$(MAKE) --no-print-directory -j2 BUILD=asan test-build
	@$(MAKE) --no-print-directory BUILD=asan $(LAYERS) fuzz-replay

# --- fuzzing: tests/fuzz/fuzz_<target>.c; corpora in tests/fuzz/corpus/<target>
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
$(O)/tests/fuzz/replay_%: $(O)/tests/fuzz/fuzz_%.o $(O)/tests/fuzz/driver.o $(O)/tests/libtested.a
	$(Q)$(CXX) $(OPT_$(BUILD)) -o $@ $^ $(LIBS)
$(O)/tests/fuzz/run_%: $(O)/tests/fuzz/fuzz_%.o $(O)/tests/libtested.a
	$(Q)$(CXX) $(OPT_$(BUILD)) -fsanitize=fuzzer -o $@ $^ $(LIBS)
fuzz-replay: $(FUZZ_TARGETS:%=$(O)/tests/fuzz/replay_%)
	@O=$(O) tests/run fuzz-replay $^

TARGET  ?= adapters
.PHONY: fuzz bench
fuzz: ## make fuzz TARGET=adapters SECONDS=60 (libFuzzer)
	@$(MAKE) --no-print-directory BUILD=fuzz build/fuzz/tests/fuzz/run_$(TARGET)
	@mkdir -p build/corpus/$(TARGET) tests/fuzz/corpus/$(TARGET)
	build/fuzz/tests/fuzz/run_$(TARGET) -max_total_time=$(SECONDS) -max_len=65536 -rss_limit_mb=4096 \
	    -artifact_prefix=build/corpus/ build/corpus/$(TARGET) tests/fuzz/corpus/$(TARGET)

# The yardstick may use what this machine has: simdjson's On-Demand is chosen when it is compiled.
$(O)/tests/bench/ondemand.o: CXXFLAGS += -march=native
$(O)/tests/bench/bench_ingest: $(O)/tests/bench/frames.o $(O)/tests/bench/ondemand.o
BENCHES := $(patsubst %.c,$(O)/%,$(wildcard tests/bench/bench_*.c))
bench: deps ## figures, each with its yardstick in the same run
	@$(MAKE) --no-print-directory -j2 all $(BENCHES)
	@O=$(O) tests/bench/run $(BENCHES)

# --- the scoreboard: worlds in parallel, then the table
SEEDS       ?= 1 2 3 4
DAYS        ?= 10
INSTRUMENTS ?= BTCUSDT
.PHONY: score-map
score-map: deps ## the liquidation map against simple maps and the truth; SEEDS="1 2 3 4" DAYS=10 INSTRUMENTS=BTCUSDT
	@$(MAKE) --no-print-directory -j2 $(O)/tests/score/score_map
	@O=$(O) tests/score/run "$(SEEDS)" "$(DAYS)" "$(INSTRUMENTS)"

# --- running it
SECONDS ?= 60
.PHONY: demo live
demo: deps ## the whole pipeline on a simulated market; SECONDS=60 ends by itself
	@$(MAKE) --no-print-directory -j2 all
	@O=$(O) deploy/run demo $(if $(filter command line environment,$(origin SECONDS)),$(SECONDS))
live: deps ## the same against the real exchanges
	@$(MAKE) --no-print-directory -j2 all
	@O=$(O) deploy/run live $(if $(filter command line environment,$(origin SECONDS)),$(SECONDS))

# --- keeping the house
.PHONY: layers symbols lint format docs docs-check ci deps install clean help
layers: ## includes point one way
	@tests/house layers
symbols: all ## external names start with their module's
	@O=$(O) tests/house symbols
lint: deps ## every header compiles alone; clang-format, clang-tidy, cppcheck
	@tests/house lint
format: ## let clang-format decide
	@git ls-files '*.c' '*.h' | xargs clang-format -i
docs: all ## SCHEMA.md, CATALOG.md, deploy/leadline.conf from the tables
	@O=$(O) tests/house docs
docs-check: all
	@O=$(O) tests/house docs-check
ci: ## what a change must pass
	@$(MAKE) --no-print-directory test lint
deps: ## install what is missing, by package name
	@deploy/deps
PREFIX ?= /usr/local
install: all ## programs under PREFIX/bin, configuration under PREFIX/etc, the dashboard under PREFIX/share
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/etc/leadline/tiers
	install -m 755 $(PROGRAMS:%=$(O)/bin/%) $(DESTDIR)$(PREFIX)/bin
	install -m 644 deploy/leadline.conf deploy/redis.conf $(DESTDIR)$(PREFIX)/etc/leadline
	sed -i 's|web_folder = .*|web_folder = $(PREFIX)/share/leadline/web|' $(DESTDIR)$(PREFIX)/etc/leadline/leadline.conf
	install -m 644 deploy/tiers/*.tsv $(DESTDIR)$(PREFIX)/etc/leadline/tiers
	sed -i 's|tiers_folder = .*|tiers_folder = $(PREFIX)/etc/leadline/tiers|' $(DESTDIR)$(PREFIX)/etc/leadline/leadline.conf
	install -d $(DESTDIR)$(PREFIX)/share/leadline/web
	install -m 644 build/web/* $(DESTDIR)$(PREFIX)/share/leadline/web
clean: ## remove what was built
	rm -rf build
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /|/' | awk -F'|' '{printf "  %-12s %s\n", $$1, $$2}'

-include $(shell find $(O) -name '*.d' 2>/dev/null)
