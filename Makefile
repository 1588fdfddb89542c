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
LIBS := -lczmq -lzmq -lmsgpackc -lhiredis -lwebsockets -luv -lsimdjson -lssl -lcrypto -lz -lm -lpthread

PROGRAMS := ingest simulator cards aggregator publisher leadline

# Sources are found, not listed: a new adapter, category or sink needs no edit here.
COMMON     := $(wildcard common/base/*.c common/wire/*.c common/run/*.c)
INGEST     := $(wildcard ingest/*.c ingest/*.cc ingest/adapters/*.c)
SIMULATOR  := $(wildcard ingest/simulator/*.c)
CARDS      := $(wildcard cards/*.c cards/categories/*.c)
AGGREGATOR := $(wildcard aggregator/*.c)
PUBLISHER  := $(wildcard publisher/*.c publisher/sinks/*.c)
LEADLINE   := $(wildcard publisher/cli/*.c)
SUPPORT    := $(wildcard tests/support/*.c)

objects = $(patsubst %,$(O)/%.o,$(basename $(1)))
library = $(filter-out %/main.o,$(call objects,$(1)))

.PHONY: all
all: $(PROGRAMS:%=$(O)/bin/%)

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

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<
$(O)/%.o: %.cc
	@mkdir -p $(@D)
	$(Q)$(CXX) $(CXXFLAGS) -c -o $@ $<

# Test programs: every tests/<layer>/test_*.c links with everything but the mains.
TESTED := $(call library,$(COMMON) $(INGEST) $(SIMULATOR) $(CARDS) $(AGGREGATOR) $(PUBLISHER) $(LEADLINE)) \
          $(call objects,$(SUPPORT))
$(O)/tests/libtested.a: $(TESTED)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^
$(O)/tests/%: $(O)/tests/%.o $(O)/tests/libtested.a
	@mkdir -p $(@D)
	$(Q)$(CXX) $(OPT_$(BUILD)) -o $@ $< $(O)/tests/libtested.a -lcmocka $(LIBS)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
