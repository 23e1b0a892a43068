# `make demo` and `make test` do everything on a fresh machine, the environment included.
PYTHON ?= python3
BIN := .venv/bin
# One thread per process: the work is spread over processes.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: help env demo test test-bare lint suite stress perf perf-gpu structure journey weights \
	validation pilots campaign leaderboard separation bleed cross context ablation agreement \
	hooks changelog docs wheel clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: .venv/.ready ## Make .venv, with every extra and what the tests need

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[all]" --group dev --group docs --group perf
	touch $@

demo: env ## Do the main job on the embedded corpus: two minutes, no download
	$(BIN)/mn demo --out out/demo

test: lint suite ## What has to pass: lint, then every test but those of make stress

lint: env ## ruff, mypy and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

PYTEST := -m pytest -n 2 --dist loadfile -m "not stress"

suite: env ## The tests alone
	$(BIN)/python $(PYTEST)

test-bare: env ## The tests as on a bare machine: no ffmpeg, sox, Chromium, no corpus, an empty home
	$(BIN)/python .ci/bare.py $(PYTEST)

stress: env ## The tests that take minutes
	$(BIN)/python -m pytest -m stress

perf: env ## Speeds side by side with other libraries
	$(BIN)/python perf/mixing.py
	$(BIN)/python perf/checking.py
	$(BIN)/python perf/curating.py
	$(BIN)/python perf/near_duplicates.py
	$(BIN)/python perf/sdr.py
	$(BIN)/python perf/benching.py
	$(BIN)/python perf/forward.py
	$(BIN)/python perf/training.py
	$(BIN)/python perf/publishing.py
	$(BIN)/python perf/debleeding.py
	$(BIN)/python perf/denoising.py

perf-gpu: env ## The same on a GPU
	$(BIN)/python perf/forward.py --device cuda
	$(BIN)/python perf/sdr.py --device cuda

agreement: env ## Measure every metric beside other implementations: docs/agreement.md (wants OPEN)
	$(BIN)/python perf/agreement.py

structure: env ## Count modules, their lines and importers, repeated names and import circles.
	$(BIN)/python perf/structure.py

journey: env ## Count the modules that a recipe and a training batch pass, and how often they come back.
	$(BIN)/python perf/journey.py

# The corpora beside the project. Others: make weights OPEN=... EXTRA=...
OPEN := ../shared/corpus/open
EXTRA := ../shared/corpus/extra
STEMS := ../shared/corpus/stems
KIT := ../shared/corpus/kit
TEST := out/open-test
LINEUP := noisy resample_16k lowpass_8k spectral_subtraction wiener mmse_stsa mmse_lsa omlsa \
	mmse_stsa+minimum_statistics mmse_stsa+imcra mmse_stsa+spp wavelet hum_notch noisereduce \
	noisereduce_tuned rnnoise speexdsp librosa_hpss ffmpeg_afftdn sox_noisered \
	oracle_ratio_mask oracle_noise_psd
SHIPPING := subband_mask musicecan_small
comma := ,
listed = $(subst $() ,$(comma),$(strip $(1)))
BENCH = $(BIN)/mn bench --denoisers $(call listed,$(LINEUP) $(SHIPPING)) --examples 0
BENCH_CLEAN = $(BIN)/mn bench out/open-clean --out out/weights-clean --metrics si_sdr,snr --examples 0 \
	--denoisers $(call listed,$(RULES) $(SHIPPING))
METRICS := si_sdr,snr,sdr,pesq,stoi,estoi,lsd,visqol/5
# Two threads for one training; pages of 2 MB save a tenth of a step's time where Linux has them.
TRAIN := OMP_NUM_THREADS=2 GLIBC_TUNABLES=glibc.malloc.hugetlb=1 $(BIN)/mn train

out/extra: env
	$(BIN)/mn curate $(EXTRA) --out $@ --whole

$(TEST): env
	$(BIN)/mn build $(OPEN) --out $@ --split test --snr-db 0 5 10 --per-cell 2 --seed 0

# Clean music, nearly: 40 dB is the most that every recording carries in 16 bits.
out/open-clean: env
	$(BIN)/mn build $(OPEN) --out $@ --split test --snr-db 40 --per-cell 1 --seed 0

# What pilots are scored on: five small datasets of one corpus, which is made from OPEN.
VALIDATED := classes clicks hum near_clean plucked
validation: $(addprefix out/validation-sets/,$(VALIDATED)) ## Make the validation set (wants OPEN)

out/validation: env
	$(BIN)/python perf/validation_set.py corpus $(OPEN) $@

out/validation-sets/%: out/validation
	$(BIN)/mn render metadata/validation/$*.parquet --corpus $< --out $@

# Gain rules, all trainings of the folder $(1) and the networks $(2), on the validation set.
RULES := noisy spectral_subtraction wiener mmse_stsa mmse_lsa omlsa mmse_stsa+imcra hum_notch wavelet \
	librosa_hpss
JUDGE = for set in $(VALIDATED); do \
		$(BIN)/mn bench out/validation-sets/$$set --out $(1)-run/$$set --metrics si_sdr --examples 0 \
			--denoisers $(call listed,$(RULES) $(2)),$$($(BIN)/python perf/pilots.py requests $(1)) || exit 1; \
	done
pilots: validation ## Score the trainings out/pilots/NAME-SEED; write docs/pilots.md
	$(call JUDGE,out/pilots,$(SHIPPING))
	$(BIN)/python perf/pilots.py table out/pilots-run perf/pilots.toml docs/pilots.md

# The whole campaign: recordings and music that is composed → a training for each network and seed, by
# the configuration of the network's name → the best of each on the validation set → packed → scores →
# cards. Any step can be stopped and goes on.
TRIALS := 0
MORE := ../shared/corpus/more
# Where no such font is, or FONT is empty, no music is composed.
FONT := $(wildcard /usr/share/sounds/sf2/FluidR3_GM.sf2)
LESSONS := $(OPEN) out/extra out/more $(if $(FONT),out/composed) synthetic
PACK_BEST = for network in $(SHIPPING); do \
		$(BIN)/mn pack $$($(BIN)/python perf/pilots.py best out/campaign-run $$network) \
			--out benchmarks/weights $(1) || exit 1; \
	done
campaign: $(filter out/%,$(LESSONS)) validation $(TEST) out/open-clean ## Train, choose and pack what ships (wants OPEN, EXTRA, MORE)
	for network in $(SHIPPING); do for seed in $(TRIALS); do \
		$(TRAIN) $$network --data $(LESSONS) --config $$network --seed $$seed --resume \
			--out out/campaign/$$network-$$seed || exit 1; \
	done; done
	$(call JUDGE,out/campaign)
	$(call PACK_BEST)
	$(BENCH) $(TEST) --out out/weights-test --metrics $(METRICS)
	$(BENCH_CLEAN)
	$(call PACK_BEST,--scores out/weights-test out/weights-clean --notes docs/limits/$$network.md)

out/more: env
	$(BIN)/mn curate $(MORE) --out $@ --whole

# Songs in stems, mixed: tried in pilots, and no part of what ships.
out/sung: env
	$(BIN)/python perf/song_mixes.py $(STEMS) $@

# Three programmes hold the very samples that lutes and zithers of the test split were played with.
out/composed: env
	$(BIN)/mn compose $(FONT) --out $@ --license MIT \
		--attribution "Frank Wen and contributors (Fluid R3 GM)" --count 12 \
		harp=24 chinese_lute=40 chinese_zither=40 --without 105 106 107 --seed 0

# The weights that ship, from the recordings to the card; any step can be stopped and goes on. Each
# stretch begins with the packed weights of the one before: what the validation split liked best.
LEARN = $(TRAIN) musicecan_small$(1) --data $(OPEN) out/extra synthetic --config small --resume --out
FIRST := --seed 0 --max-steps 2000 --set optimizer.learning_rate=2e-3 optimizer.decay_steps=5200 \
	optimizer.floor=0.02 optimizer.precision=bfloat16 optimizer.warmup_steps=100 \
	validation.every_steps=400 \
	optimizer.ema_decay=0.998 data.augment=full 'data.snr_db=[-5.0, 20.0]'
SECOND := --seed 1 --max-steps 2288 --set optimizer.learning_rate=1.5e-3 optimizer.decay_steps=3600 \
	optimizer.warmup_steps=100 optimizer.ema_decay=0.998 validation.every_steps=400 \
	data.augment=full
SHIPPED := musicecan_small.safetensors
weights: out/extra $(TEST) out/open-clean ## Train what ships again, to its card (wants OPEN and EXTRA)
	$(call LEARN) out/first $(FIRST)
	$(BIN)/mn pack out/first --out out/first-packed
	$(call LEARN,@out/first-packed/$(SHIPPED)) out/second $(SECOND)
	$(BIN)/mn pack out/second --out out/second-packed
	$(call LEARN,@out/second-packed/$(SHIPPED)) out/third --seed 2
	$(BIN)/mn pack out/third --out benchmarks/weights
	$(BENCH) $(TEST) --out out/weights-test --metrics si_sdr,snr,sdr,lsd
	$(BENCH_CLEAN)
	$(BIN)/mn pack out/third --out benchmarks/weights --scores out/weights-test out/weights-clean \
		--notes docs/limits/musicecan_small.md

# The whole line-up, and what of it is kept in the documentation.
leaderboard: $(TEST) ## Make docs/leaderboard/open again (wants OPEN)
	$(BENCH) $(TEST) --out out/weights-test --metrics $(METRICS)
	cp $(addprefix out/weights-test/,leaderboard.md leaderboard.csv leaderboard.tex index.html) \
		docs/leaderboard/open

# Is channel attention worth it: four variants, three seeds, equal steps.
SEEDS := 0 1 2
VARIANTS = $(foreach seed,$(SEEDS),two_stage_unet@out/ablation/none-$(seed) \
	$(foreach gate,learned half redrawn,musicecan@out/ablation/$(gate)-$(seed)))
LESSON = OMP_NUM_THREADS=1 $(BIN)/mn train $(1) --data $(OPEN) out/extra synthetic \
	--config ablation --resume
ablation: out/extra out/ablation-test ## Twelve trainings: what channel attention is worth
	for seed in $(SEEDS); do \
		for gate in learned half redrawn; do \
			$(call LESSON,musicecan) --set model.gate=$$gate --seed $$seed \
				--out out/ablation/$$gate-$$seed || exit 1; \
		done; \
		$(call LESSON,two_stage_unet) --seed $$seed --out out/ablation/none-$$seed || exit 1; \
	done
	$(BIN)/mn bench out/ablation-test --denoisers $(call listed,noisy mmse_stsa omlsa $(VARIANTS)) \
		--out out/ablation-run --metrics si_sdr --examples 0
	$(BIN)/python perf/ablation.py out/ablation-run out/ablation docs/ablation.svg

out/ablation-test: env
	$(BIN)/mn build $(OPEN) --out $@ --split test --snr-db 0 5 10 --per-cell 1 --seconds 5 --seed 1

# Separators at equal time on one core, on songs that they never heard; what ships is the first.
MINUTES ?= 4
TEACH = OMP_NUM_THREADS=1 $(BIN)/mn train $(1) --data $(STEMS) synthetic --resume \
	--out out/separators/$(2) --max-minutes $(MINUTES)
TAUGHT := drnn drnn@out/separators/drnn-2 drnn@out/separators/gru \
	$(foreach name,wvpnn cvpnn acapella_cnn mean_spectrum_mask,$(name)@out/separators/$(name)) \
	acapella_cnn@out/separators/mse_log
COMPARED := noisy oracle_voice_ratio_mask oracle_voice_binary_mask oracle_16k rpca repet_sim hpss_voice
PART = $(BIN)/mn bench $(1) --denoisers $(call listed,$(COMPARED) $(TAUGHT)) --out $(2) --examples 0 \
	--metrics nsdr,sir,sar,si_sdr,sdr_v4,bleedless,fullness
separation: out/songs-test out/synthetic-songs-test ## Eight trainings: separators compared (wants STEMS)
	$(call TEACH,drnn,dnn)
	$(BIN)/mn pack out/separators/dnn --out benchmarks/weights
	$(call TEACH,drnn,drnn-2) --set model.kind=drnn-2
	$(call TEACH,drnn,gru) --set model.kind=gru
	for model in wvpnn cvpnn acapella_cnn mean_spectrum_mask; do \
		$(call TEACH,$$model,$$model) || exit 1; \
	done
	$(call TEACH,acapella_cnn,mse_log) --set model.window=1536 model.hop=384 \
		'loss=[{mse_log = 1.0}]'
	$(call PART,out/songs-test,out/songs-run)
	$(call PART,out/synthetic-songs-test,out/synthetic-songs-run)
	$(BIN)/mn pack out/separators/dnn --out benchmarks/weights \
		--scores out/songs-run out/synthetic-songs-run --notes docs/limits/drnn.md

# Four minutes each, one thread: what removes bleed, on simulated and on measured bleed.
UNBLEED = OMP_NUM_THREADS=1 $(BIN)/mn train $(1) --data $(STEMS) synthetic --resume --max-minutes 4 \
	--out out/debleeders/$(1)
NETWORKS := t_unet f_unet df_unet di_cae mean_spectrum_debleed
UNLEARNED := noisy fixed_matrix bleed_wiener kamir gate least_squares_blind auxiva ilrma \
	least_squares oracle_bleed_wiener
UNBLED = $(BIN)/mn bench $(1) --denoisers $(call listed,$(UNLEARNED) $(2)) --out $(1)-run --examples 0
SESSIONS := bleed-linear bleed-convolutive \
	$(addprefix embedded-bleed-,linear convolutive room)
bleed: $(addprefix out/,$(SESSIONS) bleed-measured) ## Five trainings: bleed removal compared (wants STEMS and KIT)
	for network in $(NETWORKS); do $(call UNBLEED,$$network) || exit 1; done
	$(BIN)/mn pack out/debleeders/t_unet --out benchmarks/weights
	for kind in $(SESSIONS); do \
		$(call UNBLED,out/$$kind,$(foreach name,$(NETWORKS),$(name)@out/debleeders/$(name))) || exit 1; \
	done
	$(call UNBLED,out/bleed-measured,) --metrics si_sdr,sdr_v4,bleed_matrix_error
	for kind in $(SESSIONS) bleed-measured; do \
		mkdir -p docs/leaderboard/$$kind && \
		cp out/$$kind-run/leaderboard.md out/$$kind-run/leaderboard.csv docs/leaderboard/$$kind || exit 1; \
	done
	for kind in linear convolutive; do \
		$(BIN)/mn bench out/bleed-$$kind --denoisers noisy,fixed_matrix,t_unet --metrics si_sdr,sdr_v4 \
			--examples 0 --out out/weights-bleed-$$kind || exit 1; \
	done
	$(BIN)/mn pack out/debleeders/t_unet --out benchmarks/weights --notes docs/limits/t_unet.md \
		--scores $(addprefix out/weights-bleed-,linear convolutive)

out/bleed-measured: env
	$(BIN)/mn curate $(KIT) --layout drumgizmo --out out/kit
	$(BIN)/mn build out/kit --task debleed --bleed measured --stems 7 --split test --count 8 --out $@

out/bleed-%: env
	$(BIN)/mn build $(STEMS) --task debleed --bleed $* --stems 3 --split test --seconds 10 --count 12 \
		--out $@

out/embedded-bleed-%: env
	$(BIN)/mn build synthetic --task debleed --bleed $* --stems 3 --sources clips --split test --count 6 --out $@

out/songs-test: env
	$(BIN)/mn build $(STEMS) --task separate --out $@ --split test --snr-db -5 0 5

out/synthetic-songs-test: env
	$(BIN)/mn build synthetic --task separate --out $@ --split test --snr-db -5 0 5

# Every sung song tested once, by what learned from the others: intervals by song.
CROSSED := drnn_dnn_hidden-256 drnn_drnn-2_hidden-256 cvpnn wvpnn acapella_cnn mean_spectrum_mask
cross: env ## Thirty short trainings: separators compared over all songs (wants STEMS)
	$(BIN)/python perf/cross_testing.py $(STEMS) out/cross 0.5 drnn:kind=dnn,hidden=256 \
		drnn:kind=drnn-2,hidden=256 cvpnn wvpnn acapella_cnn mean_spectrum_mask
	$(BIN)/mn bench out/cross/dataset --out out/cross-run --examples 0 --metrics nsdr,sir,sar,si_sdr \
		--denoisers $(call listed,noisy oracle_voice_ratio_mask rpca repet_sim hpss_voice \
			$(foreach name,$(CROSSED),out/cross/$(name).toml))

# Context and discriminative weight: nine short trainings.
CONTEXTS := 1 3 5
WEIGHTS := 0 0.05 0.2
context: out/songs-test ## What context and discriminative weight do to `drnn` (wants STEMS)
	for context in $(CONTEXTS); do for weight in $(WEIGHTS); do \
		OMP_NUM_THREADS=1 $(BIN)/mn train drnn --data $(STEMS) synthetic --resume --max-minutes 1 \
			--out out/context/$$context-$$weight --set model.kind=drnn-2 \
			model.context=$$context "loss=[{mse = 1.0, discrimination = $$weight}]" || exit 1; \
	done; done
	$(BIN)/mn bench out/songs-test --examples 0 --out out/context-run --metrics nsdr,sir,sar \
		--denoisers $(call listed,noisy $(foreach context,$(CONTEXTS),\
			$(foreach weight,$(WEIGHTS),drnn@out/context/$(context)-$(weight))))
	$(BIN)/python perf/context.py out/context-run docs/context.svg

hooks: env ## Let Git ask lint before each commit
	$(BIN)/pre-commit install

changelog: env ## Gather changelog.d/ into CHANGELOG.md
	$(BIN)/scriv collect

docs: env ## Build the documentation site into out/site
	NO_MKDOCS_2_WARNING=1 DISABLE_MKDOCS_2_WARNING=true $(BIN)/mkdocs build -q -f docs/mkdocs.yml

wheel: env ## Build wheel and sdist into dist/, and prove what is inside
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	MN_DIST=dist $(BIN)/python -m pytest tests/test_package.py

clean: ## Remove what the other targets made
	rm -rf .venv out dist
