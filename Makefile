# Every target sets radkit up in .venv first, where that has not been done (tools/setup.py).
# make test PYTHON=python3.12        with another Python
# make test ARGS="-k glcm"           with arguments for the command
.POSIX:
RUN = @for p in $${PYTHON:-.venv/bin/python python3 python3.13 python3.12 python3.11 python}; do \
	case $$("$$p" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) in \
	3.11|3.12|3.13) exec "$$p" tools/setup.py $@ $(ARGS);; esac; done; \
	echo "radkit: needs Python 3.11, 3.12 or 3.13, and $${PYTHON:-python3} is none; install one, or name it: make $@ PYTHON=python3.12" >&2; exit 2

.PHONY: help serve lab test lint bench clean

help:
	@echo "make serve   the dashboards, in the browser"
	@echo "make lab     the lessons, in JupyterLab"
	@echo "make test    all tests, slow and browser ones too"
	@echo "make lint    ruff and the layers of the house"
	@echo "make bench   the benchmarks, side by side with peers"
	@echo "make clean   removes what building and testing left (not .venv, not runs/)"

serve:
	$(RUN)
lab:
	$(RUN)
test:
	$(RUN)
lint:
	$(RUN)
bench:
	$(RUN)
clean:
	$(RUN)
