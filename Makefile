# A thin layer over meson: run and test are all that a newcomer needs; both install what is missing.
BUILD ?= build

.PHONY: run test build page sanitize fuzz bench clean

run: build
	exec $(BUILD)/vogt up --dir var --annex examples/annex.de.md

build: page $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	tools/install.sh build
	meson setup $(BUILD)

page: ui/dist/index.html

ui/dist/index.html: ui/package.json ui/package-lock.json $(shell find ui/src ui/index.html ui/vite.config.ts -type f 2>/dev/null)
	tools/install.sh build
	cd ui && npm install --no-save --no-audit --no-fund --loglevel=error && npm run build

test:
	tools/install.sh test
	$(MAKE) build
	python3 tests/run.py $(BUILD)

# The same tests once more under AddressSanitizer and UndefinedBehaviorSanitizer, sandboxes on.
sanitize:
	tools/install.sh test
	test -f build-asan/build.ninja || meson setup build-asan -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1
	ASAN_OPTIONS=detect_leaks=0 ninja -C build-asan
	python3 tests/run.py build-asan

# Ten minutes for each fuzzer; SECONDS=30 for a short look.
SECONDS_EACH ?= 600
fuzz:
	tools/install.sh wide
	test -f build-fuzz/build.ninja || CC=clang meson setup build-fuzz -Dfuzz=true -Dc_args=-fsanitize=fuzzer-no-link -Db_sanitize=address,undefined -Db_lundef=false
	python3 fuzz/run.py build-fuzz $(SECONDS_EACH)

bench: build
	python3 bench/run.py $(BUILD)

clean:
	rm -rf build build-asan build-fuzz ui/dist
