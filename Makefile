# The verbs of this house. Each is one script or a few lines; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help build test check fmt bench demo install deb docs

PREFIX ?= /usr/local
# The programs are built for release; `make build CONFIGURATION=debug` shares what the tests have built.
CONFIGURATION ?= release
programs := martletd martlet
# Programs for release hold Swift's libraries themselves: they run where there is no Swift, and under the unit, which cannot look into the
# home folder that a toolchain may live in. STATIC= (empty) links them to the toolchain's instead.
STATIC ?= $(filter release,$(CONFIGURATION))
# Of Foundation's parts the toolchain (6.3) names only those that a program imports itself, and Yams imports the rest for martlet.
foundation := --start-group -lFoundation -lCoreFoundation -l_FoundationICU -l_FoundationCShims -l_FoundationCollections --end-group
linking := $(if $(STATIC),--static-swift-stdlib $(addprefix -Xlinker ,$(foundation) -lstdc++))

help: ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/    make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

build: ## build martletd and martlet for release
	scripts/need build
	for program in $(programs); do swift build -c $(CONFIGURATION) $(linking) --product $$program || exit 1; done

test: ## run all tests; as root none is skipped
	scripts/test

check: ## hold formatting, scripts, the unit and the wall against the rules
	scripts/check

fmt: ## format every Swift file in place
	swift format --in-place --recursive --parallel Package.swift $(wildcard Sources Tests Benchmarks)

bench: ## measure against peers, side by side
	scripts/need build bench
	Benchmarks/run

demo: ## break an uplink and a provider in namespaces of its own, and show both failovers
	scripts/demo

install: ## install what build has built into $(PREFIX), or beneath $(DESTDIR)
	scripts/install ".build/$(CONFIGURATION)" "$(DESTDIR)" "$(PREFIX)"

deb: ## make a Debian package in .build/deb, for systems without Swift
	scripts/need deb
	$(MAKE) build CONFIGURATION=release STATIC=1
	scripts/deb .build/release .build/deb

docs: ## write the reference of the modules into .build/docs
	scripts/docs
