#!/bin/sh
# Pins every requirement with its hashes from the *.in files. No index address ends up in the results.
set -eu
cd "$(dirname "$0")/.."
pin() { # output, input, further arguments
  output=$1; input=$2; shift 2
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@" --output-file "$output" "$input" 2>/dev/null
}
pin requirements/setup.txt requirements/setup.in "$@"
pin requirements/dev.txt requirements/dev.in "$@"
# One version of everything: hosts and app get what the tests ran with.
pin requirements/agent.txt requirements/agent.in --constraint requirements/dev.txt "$@"
pin app/requirements.txt app/requirements.in --constraint requirements/dev.txt "$@"
