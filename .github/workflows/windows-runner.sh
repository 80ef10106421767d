#!/bin/sh
# What windows.yml plays against the machine it runs on. Not yet run.
set -e
inventory=build/windows-runner/inventory.json
play() { .venv/bin/ansible-playbook -i "$inventory" "$@"; }

make windows-package SOURCE=tests/etikettendruck TARGET=build/windows-runner
good=$(ls build/windows-runner/etikettendruck-*.zip)

play playbooks/windows/site.yml
play playbooks/windows/site.yml | tee build/windows-runner/second.txt
grep -q 'changed=0 ' build/windows-runner/second.txt
play playbooks/windows/deploy.yml -e package="$good"
play playbooks/windows/health.yml

# A release whose health never comes: the old one has to go on.
.venv/bin/python -m workshop.windows_package tests/etikettendruck build/windows-runner 99.0.0
if play playbooks/windows/update.yml -e package=build/windows-runner/etikettendruck-99.0.0.zip \
  -e win_node_app__health_path=/gibt-es-nicht -e win_node_app__health_delay=2; then
  echo "Ein krankes Release ging durch." >&2
  exit 1
fi
play playbooks/windows/health.yml

play playbooks/windows/backup.yml
play playbooks/windows/restore.yml -e what=database
play playbooks/windows/health.yml
