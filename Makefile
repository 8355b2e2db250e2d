# What people and CI both run; `make help` lists it. Needs Python 3.11+, make and, for the fast kernels, a C++17 compiler.
# Everything happens in $(VENV) and build/; steps that are done leave a stamp there and are not done again.

PYTHON ?= python3
VENV ?= .venv
BENCH_VENV ?= .venv-bench
INTEGRATIONS_VENV ?= .venv-integrations
ENGINES_VENV ?= .venv-engines
PACKAGING_VENV ?= .venv-packaging
CXX ?= c++

BIN := $(VENV)/bin
pip = $(1)/bin/python -m pip -qq --disable-pip-version-check --no-input
PIP := $(call pip,$(VENV))
DISTRIBUTION := $(shell sed -n 's/^name = "\(.*\)"/\1/p' pyproject.toml)
# Directories are in the list so that a deleted file is noticed too.
SOURCES := $(shell find src -not -path '*/.*' -not -path '*/__pycache__*' -not -name '*.so') pyproject.toml CMakeLists.txt README.md LICENSE

# Coverage is measured in CI, since tracing takes time. A floor: where there is no compiler the code for the native
# kernels does not run. The aim is all of Python.
COVERAGE := $(if $(CI),--cov --cov-report=term-missing:skip-covered --cov-fail-under=95)

# What runs exported models in a browser: three files of an npm package, exact, since the site is tested with it.
NPM := $(shell command -v npm)
ORT_WEB_VERSION := 1.30.0
ORT_WEB := $(if $(NPM),build/onnxruntime-web-$(ORT_WEB_VERSION))

# Files of tests share the cores; the tests of one file stay together, since they share models.
SIDE_BY_SIDE := -n auto --dist loadfile

# The tree must not be importable: what is tested is what was installed.
unexport PYTHONPATH

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test test-integrations test-engines lint format types docs man wheel bench bench-jobs bench-parse bench-large bench-check bench-online bench-search bench-learn bench-checkpoint bench-batches bench-spacy bench-onnx readme-numbers accuracy accuracy-all accuracy-best accuracy-peers accuracy-tasks ablations memory sanitize no-compiler clean test-browser test-service test-kill test-annotators bench-serve bench-page reliability reliability-full sanitize-threads wheels release-check

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  PYTHON=python3.12 chooses the Python, VENV=folder the virtual environment."

demo: $(VENV)/.installed $(VENV)/.extra-demo ## train on a real treebank and show what comes out
	@$(BIN)/elman demo

test: $(VENV)/.installed $(VENV)/.extra-test $(VENV)/.extra-demo ## build a wheel, install it, test it; TESTS=quick for the fast ones, TESTS=tests/data/formats for a part
	@ELMAN_TEST_INSTALLED=1 $(if $(filter quick,$(TESTS)),ELMAN_TEST_PROFILE=quick) $(BIN)/pytest $(if $(filter quick,$(TESTS)),-m "not slow" $(SIDE_BY_SIDE),$(if $(TESTS),$(TESTS),$(SIDE_BY_SIDE) $(COVERAGE)))

test-integrations: $(INTEGRATIONS_VENV)/.ready $(ORT_WEB) ## the tests with onnx, onnxruntime, spaCy, Dask, other engines and a browser, in an environment of their own
	@ELMAN_TEST_INSTALLED=1 $(INTEGRATIONS_VENV)/bin/pytest tests/integrations tests/cli/commands/test_export.py tests/data/formats/test_docbin.py tests/scale/test_dask_workers.py tests/cli/commands/test_tag_shards.py
	@ELMAN_TEST_INSTALLED=1 $(INTEGRATIONS_VENV)/bin/pytest tests/journeys tests/tutorial/test_notebooks.py -k "onnx or spacy or scikit or engines"

test-engines: $(ENGINES_VENV)/.ready ## BatchTagger in Spark and Ray, a minute (Debian: apt install openjdk-17-jre-headless)
	@command -v java > /dev/null || { echo "no java on PATH, in which Spark runs; apt install openjdk-17-jre-headless" >&2; exit 1; }
	@ELMAN_TEST_INSTALLED=1 ELMAN_TEST_ENGINES=1 $(ENGINES_VENV)/bin/pytest tests/engines

test-browser: $(VENV)/.installed $(VENV)/.extra-test $(VENV)/.extra-browser ## the page of elman serve in $CHROMIUM, or chromium on PATH (Debian: apt install chromium)
	@command -v "$${CHROMIUM:-chromium}" > /dev/null || { echo "no $${CHROMIUM:-chromium} on PATH; apt install chromium, or try: make test-browser CHROMIUM=/path/to/it" >&2; exit 1; }
	@ELMAN_TEST_INSTALLED=1 ELMAN_TEST_BROWSER=1 $(BIN)/pytest tests/browser $(SIDE_BY_SIDE)

# What the service is tested on: a small model of English EWT, and the sentences of its dev set.
SERVICE := build/service
EWT ?= ../shared/data/ud/en_ewt/en_ewt-ud
WIKI ?= ../shared/data/tutorial/data/wiki-en
test-service: $(VENV)/.installed $(VENV)/.extra-serve $(SERVICE)/small.model $(SERVICE)/.schemathesis ## fuzz elman serve by its OpenAPI document, 20,000 cases, half an hour; again to go on; OPTIONS='--cases 1000'
	@$(BIN)/python tests/reliability/fuzz_api.py $(SERVICE)/small.model $(EWT)-dev.conllu --schemathesis $(abspath $(SERVICE))/venv/bin/schemathesis \
	  --progress $(SERVICE)/fuzz.json $(OPTIONS)

test-kill: $(VENV)/.installed $(VENV)/.extra-serve $(SERVICE)/small.model ## kill elman serve under load 200 times, a quarter of an hour; OPTIONS='--times 20 --seed 2'
	@$(BIN)/python tests/reliability/kill_server.py $(SERVICE)/small.model $(EWT)-dev.conllu $(OPTIONS)

test-annotators: $(VENV)/.installed $(VENV)/.extra-serve $(SERVICE)/small.model ## eight annotators at once for ten minutes; OPTIONS='--minutes 1'
	@$(BIN)/python tests/reliability/annotators.py $(SERVICE)/small.model $(EWT)-dev.conllu $(EWT)-test.conllu $(OPTIONS)

bench-serve: $(VENV)/.installed $(VENV)/.extra-serve $(SERVICE)/small.model ## requests and sentences a second of elman serve, by hey (Debian: apt install hey); OPTIONS='--model my.model'
	@$(BIN)/python benchmarks/serve_load.py --model $(SERVICE)/small.model --text $(EWT)-dev.conllu $(OPTIONS)

bench-page: $(VENV)/.installed $(VENV)/.extra-serve $(VENV)/.extra-browser $(SERVICE)/wiki.model ## how fast the page is in chromium: first paint, next card, learned tag; OPTIONS='--times 5'
	@$(BIN)/python benchmarks/page_speed.py $(SERVICE)/wiki.model $(WIKI)-test.norm_pos --replay $(WIKI)-train.norm_pos $(OPTIONS)

lint: $(VENV)/.extra-lint ## ruff: rules and format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted as ruff does; try: make format" >&2; exit 1; }
	@echo "lint: clean"

format: $(VENV)/.extra-lint ## let ruff put the files in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.installed $(VENV)/.extra-types ## mypy --strict on src
	@$(BIN)/mypy

sanitize: $(VENV)/.extra-test $(VENV)/.installed build/sanitize/.built ## the kernels' tests under AddressSanitizer and UBSan (gcc, Linux)
	@PYTHONPATH=build/sanitize/site ELMAN_KERNELS=native ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
	  LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libstdc++.so)" \
	  $(BIN)/python -m pytest -p no:cacheprovider tests/kernels tests/taggers/test_fast_lines.py tests/taggers/test_fast_lines_errors.py tests/taggers/test_blocks.py -k "not loaded"

build/sanitize/.built: $(SOURCES) | $(VENV)/.made
	@echo "make: building the kernels with sanitizers"
	@rm -rf build/sanitize
	@$(PIP) wheel . --no-deps --wheel-dir build/sanitize --config-settings=build-dir=build/sanitize/cmake \
	  --config-settings=cmake.build-type=RelWithDebInfo --config-settings=cmake.define.ELMAN_SANITIZE=ON
	@$(PIP) install --no-deps --target build/sanitize/site build/sanitize/*.whl
	@touch $@

sanitize-threads: $(VENV)/.extra-test $(VENV)/.installed ## tagging, loading and learning in 64 threads under ThreadSanitizer, from Python and from C++ (gcc, Linux); OPTIONS='--minutes 10'
	@echo "make: building the kernels with ThreadSanitizer"
	@rm -rf build/sanitize-threads
	@$(PIP) wheel . --no-deps --wheel-dir build/sanitize-threads --config-settings=build-dir=build/sanitize-threads/cmake \
	  --config-settings=cmake.build-type=RelWithDebInfo --config-settings=cmake.define.ELMAN_SANITIZE_THREADS=ON
	@$(PIP) install --no-deps --target build/sanitize-threads/site build/sanitize-threads/*.whl
	@failed=; PYTHONPATH=build/sanitize-threads/site ELMAN_KERNELS=native OPENBLAS_NUM_THREADS=1 \
	  LD_PRELOAD="$$($(CXX) -print-file-name=libtsan.so)" TSAN_OPTIONS="exitcode=0 log_path=$(abspath build/sanitize-threads)/report" \
	  $(BIN)/python tests/reliability/many_threads.py --sanitized --share 0.1 --minutes 5 $(OPTIONS) || failed=1; \
	  CXX="$(CXX)" $(BIN)/python tests/reliability/native_threads.py --minutes 10 $(OPTIONS) || failed=1; test -z "$$failed"

# Each proof adds its counts to benchmarks/results/reliability.json and goes on where it ended, until its share is done.
PROOFS := $(if $(PART),$(PART),fault_calls power_loss address_space poor_places many_threads mutate_models mutate_inputs \
  api_machine hostile_text stop_at_step kill_resume kill_workers)
prove = @failed=; for proof in $(PROOFS); do $(BIN)/python tests/reliability/$$proof.py $(1) $$(test $$proof != mutate_models || echo $(SANITIZED)) $(OPTIONS) \
  || failed="$$failed $$proof"; done; \
  $(BIN)/python tests/reliability/campaign.py; test -z "$$failed" || { echo "make: faults in:$$failed" >&2; exit 1; }

# Every tenth block of mutated models is loaded by kernels with sanitizers, where the compiler has them.
SANITIZERS := $(if $(filter mutate_models,$(PROOFS)),$(findstring /,$(shell $(CXX) -print-file-name=libasan.so 2> /dev/null)))
SANITIZED := $(if $(SANITIZERS),--sanitized build/sanitize/site)
PROVED := $(VENV)/.installed $(VENV)/.extra-test $(if $(SANITIZERS),build/sanitize/.built)

reliability: $(PROVED) ## try to break every promise, a tenth of the cases, at most an hour; PART=fault_calls
	$(call prove,--share 0.1 --minutes 6)

reliability-full: $(PROVED) ## all cases, 20 minutes of each proof; again to go on; PART=fault_calls
	$(call prove,--share 1 --minutes 20)

bench: $(BENCH_VENV)/.ready ## speed against PyTorch, ONNX Runtime, CRFsuite, NLTK, spaCy; 25 minutes; OPTIONS='--only w2,w3'
	@$(BENCH_VENV)/bin/python benchmarks/speed.py $(OPTIONS)

bench-jobs: $(BENCH_VENV)/.ready ## wall time of trainings with two threads, and of make demo; 16 minutes
	@$(BENCH_VENV)/bin/python benchmarks/speed.py --target jobs $(OPTIONS)

bench-parse: $(BENCH_VENV)/.ready ## wall time of training a parser and a pipeline with two threads, and its speed; 28 minutes
	@$(BENCH_VENV)/bin/python benchmarks/speed.py --target parse $(OPTIONS)

bench-large: $(BENCH_VENV)/.ready ## time and memory of tagging 1 GB, and a billion words; 20 minutes, 1 GB of disk
	@$(BENCH_VENV)/bin/python benchmarks/speed.py --target large $(OPTIONS)

bench-check: ## what slowed by more than 10 %: OLD=result.json NEW=result.json, by default the two newest results
	@$(PYTHON) benchmarks/speed_compare.py $(OLD) $(NEW)

bench-online: $(BENCH_VENV)/.ready ## one-sentence SGD against PyTorch, JAX and NumPy; OPTIONS='--check' for the gradients alone
	@$(BENCH_VENV)/bin/python benchmarks/online.py $(OPTIONS)

bench-search: $(VENV)/.installed ## what elman search gives, 20 minutes; OPTIONS='--sets snips'
	@$(BIN)/python benchmarks/search_proofs.py $(OPTIONS)

bench-spacy: $(INTEGRATIONS_VENV)/.ready ## elman in spaCy pipelines against spaCy's tagger and NER, half an hour; OPTIONS='--speeds' three minutes
	@$(INTEGRATIONS_VENV)/bin/python benchmarks/spacy_component.py $(OPTIONS)

bench-onnx: $(INTEGRATIONS_VENV)/.ready ## exported models in onnxruntime beside elman, fifteen minutes; OPTIONS='--speeds' three minutes
	@$(INTEGRATIONS_VENV)/bin/python benchmarks/onnx_speed.py $(OPTIONS)

bench-checkpoint: $(VENV)/.installed ## what a checkpoint costs: training with and without, in pairs, five minutes
	@$(BIN)/python benchmarks/checkpoint_cost.py $(OPTIONS)

bench-batches: $(VENV)/.installed $(VENV)/.extra-parquet ## what BatchTagger adds to the time of tagging lines, two minutes
	@$(BIN)/python benchmarks/batch_tagger.py $(OPTIONS)

bench-learn: $(VENV)/.installed $(VENV)/.extra-plot ## learning from corrections: what is missing of docs/explanation/learn-results.md, hours; OPTIONS='--parts snips --seeds 1'
	@$(BIN)/python benchmarks/learn.py $(OPTIONS)

readme-numbers: $(BENCH_VENV)/.ready ## the README's table: elman, CRFsuite, UDPipe, spaCy on English EWT, an hour; OPTIONS='--only speed' three minutes
	@$(BENCH_VENV)/bin/python benchmarks/readme_numbers.py --wheels $(VENV)/wheel $(OPTIONS)

accuracy: $(VENV)/.installed ## what is missing of docs/explanation/accuracy.md: default, fast and baselines, an hour; OPTIONS='--sets wiki-en'
	@$(BIN)/python benchmarks/accuracy.py $(OPTIONS)

accuracy-all: $(BENCH_VENV)/.ready ## what is missing of every page of accuracy; OPTIONS='--part 2/8 --minutes 30' for a part, as often as you like
	@$(BENCH_VENV)/bin/python benchmarks/accuracy.py --presets "default,fast,best,hmm,frequent,NLTK,spaCy,UDPipe 1,CRFsuite" $(OPTIONS)
	@$(BENCH_VENV)/bin/python benchmarks/tasks.py $(OPTIONS)
	@$(BENCH_VENV)/bin/python benchmarks/accuracy.py --ablations $(OPTIONS)

accuracy-best: $(VENV)/.installed ## the same for the preset best, as long as it takes
	@$(BIN)/python benchmarks/accuracy.py --presets best $(OPTIONS)

accuracy-peers: $(BENCH_VENV)/.ready ## the same for NLTK, spaCy, UDPipe 1 and CRFsuite, trained on the same sets; hours
	@$(BENCH_VENV)/bin/python benchmarks/accuracy.py --presets "NLTK,spaCy,UDPipe 1,CRFsuite" $(OPTIONS)

accuracy-tasks: $(VENV)/.installed $(VENV)/.extra-parquet ## what is missing of docs/explanation/accuracy-tasks.md: the tasks beside tagging, some hours
	@$(BIN)/python benchmarks/tasks.py $(OPTIONS)

ablations: $(VENV)/.installed ## what each part of the preset default gives, on dev
	@$(BIN)/python benchmarks/accuracy.py --ablations $(OPTIONS)

MEMORY := benchmarks/results/memory
REPORTED := copying-50 copying-100 digits permuted-digits
TO_SOLVE = $$($(BIN)/elman tutorial memory --list | cut -d' ' -f1 | grep -vxF $(REPORTED:%=-e %))
memory: $(VENV)/.installed $(VENV)/.extra-digits ## what recurrent nets can remember; what is in its results already is not done again
	@$(BIN)/elman tutorial memory $(TO_SOLVE) --seeds 10 --jobs 2 --results $(MEMORY) $(OPTIONS)
	@$(BIN)/elman tutorial memory $(TO_SOLVE) --cells elman,sru,mingru --seeds 3 --minutes 1 --jobs 2 --results $(MEMORY) $(OPTIONS)
	@$(BIN)/elman tutorial memory $(REPORTED) --cells lstm,gru,elman,sru,mingru --seeds 3 --jobs 2 --results $(MEMORY) \
	  --page docs/lab-notebook/long-lags.md $(OPTIONS)

# What the kernels in NumPy serve; all else is tested once, by make test.
ON_KERNELS := $(addprefix tests/,kernels test_build.py taggers/regression $(addsuffix .py,$(addprefix analysis/test_,gradients) \
  $(addprefix nn/test_,decoders layers network) $(addprefix models/test_,inference rnn streaming) \
  $(addprefix taggers/test_,classify segmenter tagger) $(addprefix training/test_,ensemble trainer) \
  $(addprefix cli/,test_main commands/test_tag commands/test_train)))

no-compiler: ## install as on a machine without a compiler, in a venv of its own, and test that
	$(call new_venv,build/no-compiler)
	@CC=false CXX=false $(call pip,build/no-compiler) install --config-settings=build-dir=build/no-compiler/cmake '.[test,demo]'
	@build/no-compiler/bin/elman info | grep '^kernels *reference: '
	@ELMAN_TEST_INSTALLED=1 build/no-compiler/bin/pytest $(SIDE_BY_SIDE) $(ON_KERNELS)

docs: $(VENV)/.installed $(VENV)/.extra-docs $(VENV)/.extra-test $(VENV)/.extra-demo ## write the generated pages, then build the site into build/site and check it
	@for page in docs/*.py docs/course/*.py; do $(BIN)/python "$$page" || exit 1; done
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@$(if $(NPM),$(MAKE) --silent build/onnx-demo/address.onnx && mkdir -p build/site/onnx && cp $(ORT_WEB)/* build/onnx-demo/address.onnx build/site/onnx/,echo "docs: no npm here: the page of models in the browser has none")
	@ELMAN_TEST_SITE=1 $(BIN)/pytest tests/test_docs.py -k site
	@echo "docs: build/site/index.html"

man: $(VENV)/.installed ## write the man pages into build/man
	@$(BIN)/python docs/man.py && ls -d build/man

wheel: $(VENV)/.wheel ## build the wheel into dist/
	@mkdir -p dist && cp $(VENV)/wheel/*.whl dist/ && ls $(VENV)/wheel/*.whl | sed 's|.*/|dist/|'

wheels: $(PACKAGING_VENV)/.ready ## the wheels of a release for all platforms, by Zig, and the sdist, into dist/; OPTIONS='--only linux-x86_64,pure'
	@PATH="$(abspath $(PACKAGING_VENV))/bin:$$PATH" $(PACKAGING_VENV)/bin/python packaging/wheels.py $(OPTIONS)

release-check: $(PACKAGING_VENV)/.ready ## build the wheels and check what a release promises, in a table; half an hour, as root on Linux; OPTIONS='--only bare'
	@PATH="$(abspath $(PACKAGING_VENV))/bin:$$PATH" $(PACKAGING_VENV)/bin/python packaging/release_check.py $(OPTIONS)

clean: ## remove all that these targets made
	rm -rf $(VENV) $(BENCH_VENV) $(INTEGRATIONS_VENV) $(ENGINES_VENV) $(PACKAGING_VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# --- steps -------------------------------------------------------------------------------------------------------

# One virtual environment: $(call new_venv,folder)
define new_venv
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
  echo "elman needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo not there); try: make PYTHON=python3.12 ..." >&2; exit 1; }
@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
  echo "$(PYTHON) came without its venv module; install it (Debian, Ubuntu: apt install python3-venv) or try: make PYTHON=python3.12 ..." >&2; exit 1; }
@echo "make: virtual environment in $(1)"
@rm -rf $(1)
@$(PYTHON) -m venv $(1)
@echo '*' > $(1)/.gitignore
endef

$(VENV)/.made:
	$(call new_venv,$(VENV))
	@touch $@

# The wheel of the sources as they are.
$(VENV)/.wheel: $(SOURCES) | $(VENV)/.made
	@echo "make: building the wheel"
	@rm -rf $(VENV)/wheel
	@$(PIP) wheel . --no-deps --wheel-dir $(VENV)/wheel
	@touch $@

$(VENV)/.installed: $(VENV)/.wheel
	@echo "make: installing it"
	@$(PIP) uninstall --yes $(DISTRIBUTION)
	@$(PIP) install $(VENV)/wheel/*.whl
	@$(BIN)/elman info | grep '^kernels'
	@touch $@

# What an extra in pyproject.toml names, without elman itself.
$(VENV)/.extra-%: pyproject.toml | $(VENV)/.made
	@echo "make: installing what [$*] needs"
	@$(BIN)/python -c 'import sys, tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]], sep="\n")' $* \
	  | $(PIP) install --requirement /dev/stdin
	@touch $@

$(SERVICE)/small.model: | $(VENV)/.installed
	@mkdir -p $(SERVICE)
	@$(BIN)/elman train $(EWT)-train.conllu --preset fast --keep-replay 500 -o $@ --quiet

$(SERVICE)/wiki.model: | $(VENV)/.installed
	@mkdir -p $(SERVICE)
	@$(BIN)/elman train $(WIKI)-train.norm_pos -o $@ --quiet

$(SERVICE)/.schemathesis:
	$(call new_venv,$(SERVICE)/venv)
	@$(call pip,$(SERVICE)/venv) install 'schemathesis>=4.32,<5'
	@touch $@

# What benchmarks are measured against (PyTorch, spaCy and others) stays out of $(VENV).
$(BENCH_VENV)/.installed: benchmarks/requirements.txt
	$(call new_venv,$(BENCH_VENV))
	@echo "make: installing what elman is measured against"
	@$(call pip,$(BENCH_VENV)) install --requirement $<
	@touch $@

$(BENCH_VENV)/.ready: $(VENV)/.wheel $(BENCH_VENV)/.installed
	@$(call pip,$(BENCH_VENV)) uninstall --yes $(DISTRIBUTION)
	@$(call pip,$(BENCH_VENV)) install $(VENV)/wheel/*.whl
	@touch $@

# Large packages that elman works with and most people do not need.
$(INTEGRATIONS_VENV)/.installed: pyproject.toml
	$(call new_venv,$(INTEGRATIONS_VENV))
	@echo "make: installing what the integrations need"
	@$(INTEGRATIONS_VENV)/bin/python -c 'import tomllib; extras = tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]; print(*extras["test"], *extras["onnx"], *extras["spacy"], *extras["notebook"], *extras["dask"], "playwright>=1.49", sep="\n")' \
	  | $(call pip,$(INTEGRATIONS_VENV)) install --requirement /dev/stdin
	@$(call pip,$(INTEGRATIONS_VENV)) install $(ENGINES)
	@touch $@

$(INTEGRATIONS_VENV)/.ready: $(VENV)/.wheel $(INTEGRATIONS_VENV)/.installed
	@$(call pip,$(INTEGRATIONS_VENV)) uninstall --yes $(DISTRIBUTION)
	@$(call pip,$(INTEGRATIONS_VENV)) install $(VENV)/wheel/*.whl
	@touch $@

# Engines that are tested in CI, and those that are not, half a gigabyte. Spark is behind the newest pandas.
ENGINES := 'dask>=2024.12' 'duckdb>=2' 'pandas>=2.2' 'polars>=1.20'
$(ENGINES_VENV)/.installed: pyproject.toml
	$(call new_venv,$(ENGINES_VENV))
	@echo "make: installing Spark and Ray"
	@$(call pip,$(ENGINES_VENV)) install hypothesis 'pandas>=2.2,<3' pyarrow pyspark pytest ray
	@touch $@

$(ENGINES_VENV)/.ready: $(VENV)/.wheel $(ENGINES_VENV)/.installed
	@$(call pip,$(ENGINES_VENV)) uninstall --yes $(DISTRIBUTION)
	@$(call pip,$(ENGINES_VENV)) install $(VENV)/wheel/*.whl
	@touch $@

# What makes a release: Zig as the compiler, CMake, auditwheel.
$(PACKAGING_VENV)/.ready: packaging/requirements.txt
	$(call new_venv,$(PACKAGING_VENV))
	@echo "make: installing what makes a release"
	@$(call pip,$(PACKAGING_VENV)) install --requirement $<
	@touch $@

ifneq ($(NPM),)
$(ORT_WEB):
	@echo "make: getting onnxruntime-web $(ORT_WEB_VERSION)"
	@rm -rf build/npm && mkdir -p build/npm
	@cd build/npm && npm pack --silent onnxruntime-web@$(ORT_WEB_VERSION) > /dev/null && tar -xzf *.tgz
	@mkdir $@ && cp $(addprefix build/npm/package/dist/ort,.wasm.min.mjs -wasm-simd-threaded.mjs -wasm-simd-threaded.wasm) $@/
	@rm -rf build/npm
endif

# The model of the page "In the browser".
build/onnx-demo/address.onnx: $(INTEGRATIONS_VENV)/.ready $(ORT_WEB)
	@rm -rf $(@D) && mkdir -p $(@D)
	@$(INTEGRATIONS_VENV)/bin/python tests/helpers/example_data.py addresses $(@D)
	@$(INTEGRATIONS_VENV)/bin/elman train $(@D)/train.conll --dev $(@D)/dev.conll --preset fast --quiet -o $(@D)/address.model > $(@D)/log
	@$(INTEGRATIONS_VENV)/bin/elman export --quiet $(@D)/address.model $@
