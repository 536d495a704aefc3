PYTHON ?= python3
BIN := .venv/bin
DATA ?= ../shared/data/chest_xray
NATIVE ?= $(wildcard $(DATA)/../native_resolution)
TRUNK ?= ../shared/models/vgg16_notop.weights.h5
# To try all of it: make train evaluate EPOCHS=1 WORK=FOLDER CXR_ASSETS=FOLDER DATA=FOLDER. It comes
# to its end on 25 training images of each class, of 22 patients, 10 test images of each class and
# the 16 of val/: in 10 min on 2 cores, half of them for the gate, and as long again to download its
# pictures.
WORK ?= .work
EPOCHS ?=
# Of the classifiers that teach the one that ships, each with another eighth of the patients held out.
SEEDS := 0 1 2
EPOCHS_OPTION := $(if $(EPOCHS),--epochs $(EPOCHS))
# Files of tests beside each other; no event loop may run where a browser's does, so that comes last.
SIDE_BY_SIDE := -n 2 --dist loadfile
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: run test screenshots train detector gate evaluate parity bench pictures space format

run: .venv/requirements.txt.done       ## serve the page on http://127.0.0.1:7860
	$(BIN)/python app.py

test: .venv/requirements-test.txt.done ## run every check and test
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --ignore tests/browser
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) tests/browser

screenshots: .venv/requirements-test.txt.done ## take the pictures of the page, and the film that README opens with
	$(BIN)/python -m tools.screenshots
	$(BIN)/python -m tools.animation

define TRAIN_DETECTOR
$(BIN)/python -m train.recipes.detector --data $(DATA) --trunk $(TRUNK) --work $(WORK)/detector \
		$(EPOCHS_OPTION)
	$(BIN)/python -m train.models.export detector $(WORK)/detector/seed0
	$(BIN)/python -m train.recipes.density --data $(DATA)
	$(BIN)/python -m train.recipes.padim --data $(DATA)
	$(FIT_GATE)
endef
define FIT_GATE
$(BIN)/python -m train.data.out_of_distribution.package_images $(WORK)/other_pictures
	$(BIN)/python -m train.recipes.input_check --data $(DATA) --work $(WORK)/gate \
		--pictures $(WORK)/other_pictures
endef
# The documents show what is released, not what was tried.
RENDER = $(if $(CXR_ASSETS),,$(BIN)/python -m train.documents.render)

train: .venv/requirements-train.txt.done ## train, export, calibrate and build everything from DATA
	$(BIN)/python -m train.recipes.alignment --data $(DATA)
	for seed in $(SEEDS); do \
		$(BIN)/python -m train.recipes.classifier --data $(DATA) --trunk $(TRUNK) --seed $$seed \
			--fold $$seed --work $(WORK)/seed$$seed $(EPOCHS_OPTION) || exit 1; \
	done
	$(BIN)/python -m train.recipes.distillation --data $(DATA) --trunk $(TRUNK) \
		--teachers $(SEEDS:%=$(WORK)/seed%) --work $(WORK)/classifier $(EPOCHS_OPTION)
	$(BIN)/python -m train.models.export classifier $(WORK)/classifier
	$(TRAIN_DETECTOR)
	$(BIN)/python -m train.recipes.autoencoder --data $(DATA) --work $(WORK)/autoencoder \
		$(EPOCHS_OPTION)
	$(BIN)/python -m train.models.export autoencoder $(WORK)/autoencoder
	$(BIN)/python -m train.recipes.calibration --data $(DATA)
	$(BIN)/python -m train.recipes.held_out_scores --data $(DATA)
	$(BIN)/python -m train.evaluate.alignment --data $(DATA) $(if $(NATIVE),--native $(NATIVE))
	$(BIN)/python -m train.experiments.classifier_seeds --teachers $(SEEDS:%=$(WORK)/seed%) \
		--work $(WORK)/classifier
	$(BIN)/python -m train.evaluate.saliency --data $(DATA)
	$(BIN)/python -m train.evaluate.corruptions --data $(DATA)
	$(BIN)/python -m train.recipes.library --data $(DATA) $(if $(NATIVE),--native $(NATIVE))
	$(BIN)/python -m train.recipes.pneumoniamnist --data $(DATA) $(if $(NATIVE),--native $(NATIVE))
	$(BIN)/python -m train.recipes.typicality
	$(BIN)/python -m train.evaluate.self_test
	$(BIN)/python -m train.evaluate.localisation --data $(DATA)

detector: .venv/requirements-train.txt.done ## train the anomaly detector alone, and all that hangs on it
	$(TRAIN_DETECTOR)
	$(BIN)/python -m train.recipes.held_out_scores --data $(DATA)
	$(BIN)/python -m train.experiments.anomaly_parts --data $(DATA)
	$(BIN)/python -m train.evaluate.localisation --data $(DATA)
	$(BIN)/python -m train.evaluate.self_test

gate: .venv/requirements-train.txt.done ## fit the gate, with pictures from the package index
	$(FIT_GATE)

evaluate: .venv/requirements-train.txt.done ## measure what ships on DATA's test split
	$(BIN)/python -m train.evaluate.official_test --data $(DATA) $(if $(NATIVE),--native $(NATIVE)) \
		--note "$(or $(NOTE),make evaluate)"
	$(RENDER)

parity: .venv/requirements-train.txt.done ## compare what serves with the kept weights, on the same
	$(BIN)/python -m train.evaluate.export_parity --data $(DATA)
	$(RENDER)

bench: .venv/requirements-bench.txt.done ## measure speed and memory beside the obvious way; nothing else should run
	$(BIN)/python -m bench
	$(BIN)/python -m train.documents.render

pictures: .venv/requirements.txt.done  ## show the references' own pictures: downloaded, or from DATA
	$(BIN)/python -m cxr_demo pictures $(if $(filter command line environment,$(origin DATA)),$(DATA))

space: .venv/requirements.txt.done     ## assemble the Hugging Face Space in .work/space, and try it
	rm -rf .work/space
	$(BIN)/python -m deploy.space .work/space --start

format: .venv/requirements-test.txt.done
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

.venv/%.done: % $(wildcard requirements*.txt)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q -r $<
	touch $@
